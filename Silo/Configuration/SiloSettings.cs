using System.Globalization;
using System.Net;
using Hugesim.Telemetry;
using Microsoft.Extensions.Logging;

namespace Hugesim.Silo;

/// <summary>Where the silos of a cluster find each other.</summary>
public enum ClusteringKind
{
    /// <summary>The first silo keeps the list, in memory.</summary>
    Localhost,

    /// <summary>A file on this machine.</summary>
    File,

    /// <summary>A table in PostgreSQL, where grains also store their state.</summary>
    Postgres,
}

/// <summary>What a silo process is told. <see cref="SiloSetting"/> says what each means.</summary>
public sealed record SiloSettings
{
    /// <summary>The name of the grain storage provider.</summary>
    public const string Storage = "hugesim";

    private const int MaximumNode = 1023;

    /// <summary>See <see cref="SiloSetting.ClusterId"/>.</summary>
    public required string ClusterId { get; init; }

    /// <summary>See <see cref="SiloSetting.ServiceId"/>.</summary>
    public required string ServiceId { get; init; }

    /// <summary>See <see cref="SiloSetting.Name"/>.</summary>
    public required string Name { get; init; }

    /// <summary>See <see cref="SiloSetting.SiloPort"/>.</summary>
    public required int SiloPort { get; init; }

    /// <summary>See <see cref="SiloSetting.GatewayPort"/>.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>See <see cref="SiloSetting.HealthPort"/>.</summary>
    public required int HealthPort { get; init; }

    /// <summary>See <see cref="SiloSetting.HttpPort"/>.</summary>
    public required int HttpPort { get; init; }

    /// <summary>See <see cref="SiloSetting.HttpAddress"/>.</summary>
    public required IPAddress HttpAddress { get; init; }

    /// <summary>See <see cref="SiloSetting.OtlpEndpoint"/> and those after it.</summary>
    public required FlowExportOptions Flows { get; init; }

    /// <summary>See <see cref="SiloSetting.AdvertisedAddress"/>.</summary>
    public required IPAddress AdvertisedAddress { get; init; }

    /// <summary>See <see cref="SiloSetting.NumaNodes"/>.</summary>
    public required IReadOnlyList<int> NumaNodes { get; init; }

    /// <summary>See <see cref="SiloSetting.Clustering"/>.</summary>
    public required ClusteringKind Clustering { get; init; }

    /// <summary>See <see cref="SiloSetting.Primary"/>; null if this silo is the first one.</summary>
    public required IPEndPoint? Primary { get; init; }

    /// <summary>See <see cref="SiloSetting.MembershipFile"/>.</summary>
    public required string MembershipFile { get; init; }

    /// <summary>See <see cref="SiloSetting.Connection"/>. Holds a password: never to be printed.</summary>
    public required string Connection { get; init; }

    /// <summary>See <see cref="SiloSetting.Combine"/>.</summary>
    public required bool Combine { get; init; }

    /// <summary>See <see cref="SiloSetting.Kubernetes"/>.</summary>
    public required bool Kubernetes { get; init; }

    /// <summary>See <see cref="SiloSetting.LogLevel"/>.</summary>
    public required LogLevel LogLevel { get; init; }

    /// <summary>Where to listen: on loopback only, if that is the advertised address.</summary>
    public IPAddress ListenAddress => IPAddress.IsLoopback(AdvertisedAddress) ? AdvertisedAddress
        : AdvertisedAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;

    /// <summary>Collects the settings: flags go before the environment, which goes before the file.</summary>
    /// <param name="file">The file, or null for appsettings.json in the current folder if there is one.</param>
    /// <param name="flags">The flags that were given, by the key of their setting.</param>
    /// <exception cref="ClusterException">The file cannot be read, or a value is wrong.</exception>
    public static SiloSettings Read(string? file, IReadOnlyDictionary<string, string> flags) => Read(SettingSources.Load(file, flags));

    internal static SiloSettings Read(SettingSources sources)
    {
        var port = sources.Port(SiloSetting.SiloPort, 1);
        var name = sources.Text(SiloSetting.Name);
        var settings = new SiloSettings
        {
            ClusterId = sources.Text(SiloSetting.ClusterId),
            ServiceId = sources.Text(SiloSetting.ServiceId),
            Name = name.Length > 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{port}"),
            SiloPort = port,
            GatewayPort = sources.Port(SiloSetting.GatewayPort, 1),
            HealthPort = sources.Port(SiloSetting.HealthPort, 0),
            HttpPort = sources.Port(SiloSetting.HttpPort, 0),
            HttpAddress = sources.Parse(SiloSetting.HttpAddress, text => IPAddress.TryParse(text, out var a) ? a : null, "an IP address"),
            Flows = ReadFlows(sources),
            AdvertisedAddress = sources.Parse(SiloSetting.AdvertisedAddress, text => IPAddress.TryParse(text, out var a) ? a : null, "an IP address"),
            NumaNodes = sources.Parse(SiloSetting.NumaNodes, ParseNodes, "a list of NUMA nodes such as 0,2"),
            Combine = sources.Choice<Answer>(SiloSetting.Combine) == Answer.True,
            Clustering = sources.Choice<ClusteringKind>(SiloSetting.Clustering),
            Primary = sources.Optional(SiloSetting.Primary, text => IPEndPoint.TryParse(text, out var e) && e.Port > 0 ? e : null, "an IP address and port"),
            MembershipFile = sources.Text(SiloSetting.MembershipFile),
            Connection = sources.Text(SiloSetting.Connection),
            Kubernetes = sources.Choice<Answer>(SiloSetting.Kubernetes) == Answer.True,
            LogLevel = sources.Choice<LogLevel>(SiloSetting.LogLevel),
        };
        settings.CheckWhole();
        return settings;
    }

    /// <summary>Only where flows are sent, for those who start silos and are none.</summary>
    internal static FlowExportOptions ReadFlows(SettingSources sources)
    {
        var endpoint = sources.Optional(SiloSetting.OtlpEndpoint, FlowExportOptions.ParseEndpoint, "a URL such as http://localhost:4317");
        var protocol = sources.Optional(
            SiloSetting.OtlpProtocol, text => FlowExportOptions.ParseProtocol(text) is null ? null : text, $"a protocol: {FlowExportOptions.Protocols}");
        var ratio = sources.Parse<object>(SiloSetting.TraceRatio, text => FlowExportOptions.ParseRatio(text), "a share from 0 to 1 such as 0.05");
        return FlowExportOptions.Read(endpoint?.ToString(), protocol, (double)ratio, Environment.GetEnvironmentVariable);
    }

    private static IReadOnlyList<int>? ParseNodes(string text)
    {
        if (text.Length == 0)
        {
            return [];
        }

        var nodes = text.Split(',').Select(part =>
            int.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var node) && node <= MaximumNode ? node : -1).ToArray();
        return nodes.Contains(-1) || nodes.Distinct().Count() < nodes.Length ? null : nodes;
    }

    private void CheckWhole()
    {
        if (Clustering == ClusteringKind.Postgres && Connection.Length == 0)
        {
            throw Missing("postgres clustering needs a connection string", SiloSetting.Connection);
        }

        if (Clustering == ClusteringKind.File && MembershipFile.Length == 0)
        {
            throw Missing("file clustering needs the file that lists the silos", SiloSetting.MembershipFile);
        }

        if (Kubernetes && Clustering != ClusteringKind.Postgres)
        {
            throw Missing("silos in Kubernetes find each other with postgres clustering", SiloSetting.Clustering);
        }

        int[] ports = [SiloPort, GatewayPort, .. new[] { HealthPort, HttpPort }.Where(port => port != 0)];
        if (ports.Distinct().Count() < ports.Length)
        {
            throw ClusterException.Input(
                $"silo port {SiloPort}, gateway port {GatewayPort}, health port {HealthPort} and HTTP port {HttpPort} must differ", "give each a port of its own");
        }
    }

    private static ClusterException Missing(string message, SiloSetting setting) =>
        ClusterException.Input(message, $"set it with {setting.Flag}, {setting.Variable}, or {SiloSetting.Section}:{setting.Key} in appsettings.json");

    private enum Answer
    {
        False,
        True,
    }
}

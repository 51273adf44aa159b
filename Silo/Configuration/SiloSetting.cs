namespace Hugesim.Silo;

/// <summary>One setting of a silo process. It can be given as a flag, in the environment, or in appsettings.json.</summary>
/// <param name="Key">The name below <c>Hugesim</c> in appsettings.json.</param>
/// <param name="ValueName">What its value is, in a word for the help text.</param>
/// <param name="Default">What it is when nobody says so; empty for nothing.</param>
/// <param name="Description">What it means, for the help text.</param>
public sealed record SiloSetting(string Key, string ValueName, string Default, string Description)
{
    /// <summary>What the names of all environment variables begin with.</summary>
    public const string EnvironmentPrefix = "HUGESIM_";

    /// <summary>The section of appsettings.json.</summary>
    public const string Section = "Hugesim";

    /// <summary>Which cluster this silo belongs to.</summary>
    public static readonly SiloSetting ClusterId = new(
        nameof(ClusterId), "ID", "hugesim", "The cluster that the silo belongs to: silos of the same cluster have the same.");

    /// <summary>Whose stored state it is.</summary>
    public static readonly SiloSetting ServiceId = new(
        nameof(ServiceId), "ID", "hugesim", "Names the stored state; it outlives clusters, so that a new cluster finds what an earlier one stored.");

    /// <summary>The silo's name.</summary>
    public static readonly SiloSetting Name = new(nameof(Name), "NAME", "", "The silo's name; by default the machine's name and the silo port.");

    /// <summary>The port for other silos.</summary>
    public static readonly SiloSetting SiloPort = new(nameof(SiloPort), "PORT", "11111", "The port for the other silos.");

    /// <summary>The port for clients.</summary>
    public static readonly SiloSetting GatewayPort = new(nameof(GatewayPort), "PORT", "30000", "The port for clients.");

    /// <summary>The port of the health endpoint.</summary>
    public static readonly SiloSetting HealthPort = new(
        nameof(HealthPort), "PORT", "0", "The port of the health endpoint, /health/live and /health/ready over HTTP; 0 for none.");

    /// <summary>The port of what people and programs look at.</summary>
    public static readonly SiloSetting HttpPort = new(
        nameof(HttpPort), "PORT", "0",
        "The port of the console, the flows (Jaeger's query API), the metrics (/metrics, for Prometheus) and the health endpoint over HTTP; 0 for none.");

    /// <summary>Where that port is.</summary>
    public static readonly SiloSetting HttpAddress = new(
        nameof(HttpAddress), "ADDRESS", "127.0.0.1", "The address that the HTTP port listens on. It asks nobody who he is: only for networks that you trust.");

    /// <summary>Where spans go.</summary>
    public static readonly SiloSetting OtlpEndpoint = new(
        nameof(OtlpEndpoint), "URL", "", "Send flows by OTLP to this address, such as http://localhost:4317; by default OTEL_EXPORTER_OTLP_ENDPOINT, else nowhere.");

    /// <summary>How they go there.</summary>
    public static readonly SiloSetting OtlpProtocol = new(
        nameof(OtlpProtocol), "NAME", "",
        $"The protocol: {Telemetry.FlowExportOptions.Protocols}; by default OTEL_EXPORTER_OTLP_PROTOCOL, else HTTP if the port is 4318.");

    /// <summary>Which of them go there.</summary>
    public static readonly SiloSetting TraceRatio = new(
        nameof(TraceRatio), "RATIO", "0.1", "The share of flows that is sent and shown, 0 to 1. Flows that fail are, whatever it is.");

    /// <summary>The address that others use.</summary>
    public static readonly SiloSetting AdvertisedAddress = new(
        nameof(AdvertisedAddress), "ADDRESS", "127.0.0.1",
        "The IP address under which silos and clients reach this silo. With a loopback address it listens there only, else on all addresses.");

    /// <summary>The NUMA nodes that the silo owns.</summary>
    public static readonly SiloSetting NumaNodes = new(
        nameof(NumaNodes), "LIST", "", "The NUMA nodes of the emulated machines whose frames live on this silo, such as 0,2.");

    /// <summary>Whether calls to an hstate go together.</summary>
    public static readonly SiloSetting Combine = new(
        nameof(Combine), "true|false", "false", "What the silo's grains ask of one hstate at the same time goes as one message: fewer messages, more work for each call.");

    /// <summary>Where the silos of a cluster find each other.</summary>
    public static readonly SiloSetting Clustering = new(
        nameof(Clustering), "KIND", "localhost",
        "Where silos find each other: localhost (the first silo knows the others), file (a file on this machine) or postgres.");

    /// <summary>The first silo's endpoint, for localhost clustering.</summary>
    public static readonly SiloSetting Primary = new(
        nameof(Primary), "HOST:PORT", "", "With localhost clustering, the silo port of the first silo; by default this silo is the first one.");

    /// <summary>The table of members, for file clustering.</summary>
    public static readonly SiloSetting MembershipFile = new(nameof(MembershipFile), "FILE", "", "With file clustering, the file that lists the silos.");

    /// <summary>How to reach PostgreSQL.</summary>
    public static readonly SiloSetting Connection = new(
        nameof(Connection), "STRING", "",
        "With postgres clustering, how to connect, such as 'Host=db;Username=hugesim;Password=...;Database=hugesim'. "
        + "Other users of the machine can read a command line: prefer the environment.");

    /// <summary>Whether the silo runs in a pod.</summary>
    public static readonly SiloSetting Kubernetes = new(
        nameof(Kubernetes), "true|false", "false", "Runs in a pod of Kubernetes: takes name and address from it and watches the other pods.");

    /// <summary>The least important messages of the log.</summary>
    public static readonly SiloSetting LogLevel = new(
        nameof(LogLevel), "LEVEL", "Warning", "The least important messages in the log: Trace, Debug, Information, Warning, Error or None.");

    /// <summary>All settings, in the order of the help text.</summary>
    public static IReadOnlyList<SiloSetting> All { get; } =
    [
        ClusterId, ServiceId, Name, SiloPort, GatewayPort, HealthPort, HttpPort, HttpAddress, AdvertisedAddress, NumaNodes, Combine, Clustering, Primary,
        MembershipFile, Connection, Kubernetes, OtlpEndpoint, OtlpProtocol, TraceRatio, LogLevel,
    ];

    /// <summary>The option on the command line, such as <c>--silo-port</c>.</summary>
    public string Flag => "--" + Words('-').ToLowerInvariant();

    /// <summary>The environment variable, such as <c>HUGESIM_SILO_PORT</c>.</summary>
    public string Variable => EnvironmentPrefix + Words('_').ToUpperInvariant();

    private string Words(char separator) =>
        string.Concat(Key.Select((letter, i) => i > 0 && char.IsUpper(letter) ? $"{separator}{letter}" : letter.ToString()));
}

using System.Globalization;
using Hugesim.Silo;
using OpenTelemetry.Exporter;

namespace Hugesim.Telemetry;

/// <summary>Where the flows of a process are sent, and which.</summary>
/// <param name="Endpoint">An OTLP receiver, or null to send nothing.</param>
/// <param name="Protocol">How it is spoken to.</param>
/// <param name="Ratio">The share of flows that is sent whatever happens, 0 to 1; flows that failed are always sent.</param>
public sealed record FlowExportOptions(Uri? Endpoint, OtlpExportProtocol Protocol, double Ratio)
{
    /// <summary>What <see cref="Protocol"/> may be, as OpenTelemetry writes it.</summary>
    public const string Protocols = "grpc or http/protobuf";

    // Where each protocol's receivers listen unless they are told otherwise.
    private const int HttpPort = 4318;

    /// <summary>Nothing is sent.</summary>
    public static FlowExportOptions None { get; } = new(null, OtlpExportProtocol.Grpc, 0);

    /// <summary>
    /// Reads what was given; what was not is taken from OpenTelemetry's own variables (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, <c>_PROTOCOL</c> and those with
    /// <c>_TRACES</c>).
    /// </summary>
    /// <param name="endpoint">A URL, or nothing.</param>
    /// <param name="protocol"><c>grpc</c>, <c>http/protobuf</c>, or nothing: then the port decides.</param>
    /// <param name="ratio">0 to 1.</param>
    /// <param name="variable">Reads an environment variable.</param>
    /// <exception cref="ClusterException">One of them is wrong.</exception>
    public static FlowExportOptions Read(string? endpoint, string? protocol, double ratio, Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? Standard(string name) => NotEmpty(variable($"OTEL_EXPORTER_OTLP_TRACES_{name}")) ?? NotEmpty(variable($"OTEL_EXPORTER_OTLP_{name}"));
        var isWhole = NotEmpty(endpoint) is null && NotEmpty(variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")) is not null;
        if ((NotEmpty(endpoint) ?? Standard("ENDPOINT")) is not { } text || variable("OTEL_SDK_DISABLED") == "true")
        {
            return None with { Ratio = ratio };
        }

        var url = ParseEndpoint(text) ?? throw ClusterException.Input(
            $"'{text}' is no URL that spans can be sent to", "give one such as http://localhost:4317, with --otlp-endpoint or OTEL_EXPORTER_OTLP_ENDPOINT");
        var spoken = (NotEmpty(protocol) ?? Standard("PROTOCOL")) is { } name
            ? ParseProtocol(name) ?? throw ClusterException.Input($"'{name}' is no protocol of OTLP that is spoken here", $"use {Protocols}")
            : url.Port == HttpPort ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        // The general address is that of all signals; over HTTP each has a path of its own.
        var whole = spoken == OtlpExportProtocol.HttpProtobuf && !isWhole && !url.AbsolutePath.EndsWith("/v1/traces", StringComparison.Ordinal)
            ? new Uri(url.AbsoluteUri.TrimEnd('/') + "/v1/traces")
            : url;
        return new FlowExportOptions(whole, spoken, ratio);
    }

    /// <summary>The same as settings of a silo, which then need no variables.</summary>
    public IEnumerable<(SiloSetting Setting, string Value)> ToSettings()
    {
        yield return (SiloSetting.TraceRatio, Ratio.ToString("0.#########", CultureInfo.InvariantCulture));
        if (Endpoint is not null)
        {
            yield return (SiloSetting.OtlpEndpoint, Endpoint.AbsoluteUri);
            yield return (SiloSetting.OtlpProtocol, Protocol == OtlpExportProtocol.Grpc ? "grpc" : "http/protobuf");
        }
    }

    /// <summary>An address, or null if it is none.</summary>
    public static Uri? ParseEndpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;

    /// <summary>A share, or null if it is none.</summary>
    public static double? ParseRatio(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio) && ratio <= 1 ? ratio : null;

    /// <summary>A protocol, or null if it is none.</summary>
    public static OtlpExportProtocol? ParseProtocol(string text) => text switch
    {
        "grpc" => OtlpExportProtocol.Grpc,
        "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
        _ => null,
    };

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

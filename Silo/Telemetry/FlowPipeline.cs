using System.Diagnostics;
using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Hugesim.Telemetry;

/// <summary>Records the flows of this process and sends those that are kept. While none exists, nothing listens and nothing is paid.</summary>
public sealed class FlowPipeline : IDisposable
{
    /// <summary>What the silos call themselves, unless <c>OTEL_SERVICE_NAME</c> says otherwise.</summary>
    public const string SiloService = JaegerQueryApi.Service;

    /// <summary>What clients of them call themselves.</summary>
    public const string ClientService = "hugesim-client";

    // What is on its way gets this long when the process ends.
    private const int ShutdownMilliseconds = 5000;

    private readonly TracerProvider _provider;

    private static FlowPipeline? s_ofProcess;

    private readonly FlowRecording _recording;

    private FlowPipeline(TracerProvider provider, FlowProcessor processor, FlowRecording recording) =>
        (_provider, Processor, _recording) = (provider, processor, recording);

    /// <summary>The one that this process began last, or null. It records all flows of the process, so nobody needs two.</summary>
    internal static FlowPipeline? OfProcess => Volatile.Read(ref s_ofProcess);

    /// <summary>What becomes of the spans.</summary>
    internal FlowProcessor Processor { get; }

    /// <summary>Begins to record.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="service">Who sends it, such as <see cref="SiloService"/>.</param>
    /// <param name="instance">Which of those: the silo's name.</param>
    /// <param name="window">How long to wait for other processes to report a failed flow; zero where there are none.</param>
    public static FlowPipeline Start(FlowExportOptions options, string service, string instance, TimeSpan window) =>
        Start(options, service, instance, new FlowBufferOptions(FlowBufferOptions.DefaultMostSpans, window), null, null);

    internal static FlowPipeline Start(
        FlowExportOptions options, string service, string instance, FlowBufferOptions buffer, SpanStore? store, CallMeter? calls)
    {
        ArgumentNullException.ThrowIfNull(options);
        // Its timeout and headers come from the standard's variables.
        var exporter = options.Endpoint is null
            ? null
            : new OtlpTraceExporter(new OtlpExporterOptions { Endpoint = options.Endpoint, Protocol = options.Protocol });
        var processor = new FlowProcessor(exporter, store, calls, buffer);
        var provider = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(resource => Describe(resource, service, instance))
            .SetSampler(new FlowSampler())
            .AddSource([.. TelemetrySources.All])
            .AddProcessor(processor)
            .Build();
        var pipeline = new FlowPipeline(provider, processor, new FlowRecording(processor.Buffer, options.Ratio));
        pipeline._recording.Begin();
        CallFlows.Install();
        Volatile.Write(ref s_ofProcess, pipeline);
        return pipeline;
    }

    /// <summary>Waits until what was kept so far has been sent.</summary>
    public void Flush() => _provider.ForceFlush(ShutdownMilliseconds);

    /// <inheritdoc/>
    public void Dispose()
    {
        _recording.End();
        Interlocked.CompareExchange(ref s_ofProcess, null, this);
        _provider.Shutdown(ShutdownMilliseconds);
        _provider.Dispose();
    }

    /// <summary>Says in a resource who sends.</summary>
    internal static void Describe(ResourceBuilder resource, string service, string instance)
    {
        var version = typeof(FlowPipeline).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        resource.AddService(
            Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME") is { Length: > 0 } name ? name : service,
            serviceVersion: version, autoGenerateServiceInstanceId: false, serviceInstanceId: instance);
    }
}

using System.Diagnostics.Metrics;

namespace Hugesim.Telemetry;

/// <summary>The flows, metrics and pools of the silos in one process, from their start to their end.</summary>
public sealed class ClusterTelemetry : IAsyncDisposable
{
    /// <summary>
    /// How long a process waits for the others to say that a flow has failed there. They say so within a second, also where much is to be done; and with many flows
    /// it is the bound of the buffer that decides.
    /// </summary>
    public static readonly TimeSpan ExchangeWindow = TimeSpan.FromSeconds(15);

    private readonly FlowPipeline _flows;
    private readonly Meter? _meter;
    private readonly CancellationTokenSource _stop = new();
    private Task _exchange = Task.CompletedTask;

    private ClusterTelemetry(FlowPipeline flows, Meter? meter, SpanStore store, PoolRegistry pools) =>
        (_flows, _meter, Flows, Pools) = (flows, meter, store, pools);

    /// <summary>The newest flows that were kept.</summary>
    public SpanStore Flows { get; }

    /// <summary>The pools that live here.</summary>
    public PoolRegistry Pools { get; }

    /// <summary>Begins, or is null where nothing is to be sent or shown: then nothing listens, and nothing is paid.</summary>
    /// <param name="options">Where flows are sent.</param>
    /// <param name="instance">The silo's name.</param>
    /// <param name="isShown">Somebody may look at flows and metrics.</param>
    /// <param name="hasOthers">Flows go through other processes too.</param>
    /// <param name="storedSpans">Spans that are kept to be looked at.</param>
    public static ClusterTelemetry? Start(FlowExportOptions options, string instance, bool isShown, bool hasOthers, int storedSpans)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Endpoint is null && !isShown)
        {
            return null;
        }

        var (store, pools) = (new SpanStore(isShown ? storedSpans : 1), new PoolRegistry());
        var meter = isShown ? new Meter(PoolMeter.Name) : null;
        var flows = FlowPipeline.Start(
            options, FlowPipeline.SiloService, instance, new FlowBufferOptions(FlowBufferOptions.DefaultMostSpans, hasOthers ? ExchangeWindow : TimeSpan.Zero),
            isShown ? store : null, meter is null ? null : new CallMeter(meter));
        if (meter is not null)
        {
            PoolMeter.AddTo(meter, pools);
            flows.Processor.AddTo(meter);
        }

        return new ClusterTelemetry(flows, meter, store, pools);
    }

    /// <summary>Begins to tell the other silos of flows that failed here, and to learn of theirs.</summary>
    public void BeginExchange(IGrainFactory grains) => _exchange = FailedFlowExchange.RunAsync(grains, _stop.Token);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _exchange.ConfigureAwait(false);
        _flows.Dispose();
        _meter?.Dispose();
        _stop.Dispose();
    }
}

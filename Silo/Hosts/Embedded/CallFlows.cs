using System.Diagnostics;
using Hugesim.Embedded;

namespace Hugesim.Telemetry;

/// <summary>Records the messages of flows that are sent only if they fail. All silos are in this process, so what travels with a message is its sender's span itself.</summary>
internal sealed class CallFlows : CallRecorder
{
    private static readonly CallFlows s_instance = new();

    /// <summary>Lets the engine ask.</summary>
    public static void Install() => Current = s_instance;

    /// <inheritdoc/>
    public override object? OnSend() => CompactSpan.Current;

    /// <inheritdoc/>
    public override object? OnStart(object? sender, string method, string target, string? caller, string silo)
    {
        var message = new MessageEnds(target, caller, silo);
        var span = sender is CompactSpan parent
            ? parent.Begin(method, TelemetrySources.Messages, ActivityKind.Server, message)
            : FlowSampler.IsNoFlow(method)
                ? null
                : FlowRecording.OfProcess?.TryBegin(method, TelemetrySources.Messages, ActivityKind.Server, message);
        if (span is not null)
        {
            CompactSpan.Current = span;
        }

        return span;
    }

    /// <inheritdoc/>
    public override void OnEnd(object record, Exception? failure)
    {
        // The engine leaves the flow at the end of each turn.
        var span = (CompactSpan)record;
        if (failure is not null)
        {
            new FlowSpan(span, isLeaf: true).Fail(failure);
        }

        span.End();
    }
}

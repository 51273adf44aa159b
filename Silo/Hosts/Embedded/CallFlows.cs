using System.Diagnostics;
using Hugesim.Embedded;

namespace Hugesim.Telemetry;

/// <summary>Records messages where all flows of the process are recorded. All silos are in this process, so what travels with a message is its sender's span itself.</summary>
internal sealed class CallFlows : CallRecorder
{
    private static readonly CallFlows s_instance = new();

    /// <summary>Lets the engine ask.</summary>
    public static void Install() => Current = s_instance;

    /// <inheritdoc/>
    public override object? OnSend() => FrameSpan.Current?.Innermost;

    /// <inheritdoc/>
    public override object? OnStart(object? sender, string method, string target, string silo)
    {
        var ends = new MessageEnds(target, silo, null);
        return sender is CompactSpan parent
            ? new MessageSpan(parent, method, ends)
            : FlowSampler.IsNoFlow(method)
                ? null
                : FlowRecording.OfProcess?.BeginMessage(method, ends);
    }

    /// <inheritdoc/>
    public override void OnEnd(object record, Exception? failure)
    {
        var span = (CompactSpan)record;
        if (failure is not null)
        {
            new FlowSpan(span).Fail(failure);
        }

        span.End();
    }
}

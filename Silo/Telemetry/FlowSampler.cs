using System.Diagnostics;
using Hugesim.Abstractions;
using OpenTelemetry.Trace;

namespace Hugesim.Telemetry;

/// <summary>
/// Takes the spans of flows that are sent whatever happens. Those of all others never become spans of .NET, unless they fail (<see cref="FlowRecording"/>), so none of
/// them is seen here. What is drawn where a flow begins travels in the standard's <c>sampled</c> flag: all processes that a flow touches agree.
/// </summary>
internal sealed class FlowSampler : Sampler
{
    // Calls by which silos tell each other of flows are no flows, and neither is what somebody does who looks at counters.
    private const string Exchange = nameof(IFailedFlowsGrain) + "/" + nameof(IFailedFlowsGrain.Exchange);

    private const string ReadCounters = nameof(IHstateGrain) + "/" + nameof(IHstateGrain.ReadCounters);
    private const string Statfs = nameof(IMachineGrain) + "/" + nameof(IMachineGrain.Statfs);

    private static readonly SamplingResult s_sent = new(SamplingDecision.RecordAndSample);
    private static readonly SamplingResult s_no = new(SamplingDecision.Drop);

    /// <summary>Is it a message that no flow begins with?</summary>
    public static bool IsNoFlow(string name) =>
        name is Exchange or ReadCounters or Statfs || name.StartsWith(FlowPart.Messages, StringComparison.Ordinal) || name.EndsWith("/Audit", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var parent = samplingParameters.ParentContext;
        var isSent = parent.TraceId == default ? !IsNoFlow(samplingParameters.Name) : (parent.TraceFlags & ActivityTraceFlags.Recorded) != 0;
        return isSent ? s_sent : s_no;
    }
}

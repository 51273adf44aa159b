using Hugesim.Abstractions;
using OpenTelemetry.Trace;

namespace Hugesim.Telemetry;

/// <summary>
/// Records every flow, because nobody knows at its beginning whether it will fail; which flows are sent on is decided at their end (<see cref="FlowBuffer"/>).
/// The share that is sent whatever happens is drawn where a flow begins, and travels in the standard's <c>sampled</c> flag: all processes that a flow
/// touches agree.
/// </summary>
/// <param name="ratio">The share of flows that are sent whatever happens, 0 to 1.</param>
internal sealed class FlowSampler(double ratio) : Sampler
{
    // Calls by which silos tell each other of failed flows are no flows, and neither is what somebody does who looks at counters.
    private const string Exchange = nameof(IFailedFlowsGrain) + "/" + nameof(IFailedFlowsGrain.Exchange);

    private static readonly string[] s_looks =
        [$"{nameof(IHstateGrain)}/{nameof(IHstateGrain.ReadCounters)}", $"{nameof(IMachineGrain)}/{nameof(IMachineGrain.Statfs)}"];

    private static readonly SamplingResult s_sent = new(SamplingDecision.RecordAndSample);
    private static readonly SamplingResult s_recorded = new(SamplingDecision.RecordOnly);

    private readonly TraceIdRatioBasedSampler _ofRoots = new(ratio);

    /// <inheritdoc/>
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var parent = samplingParameters.ParentContext;
        var isRoot = parent.TraceId == default;
        var name = samplingParameters.Name;
        if (name == Exchange || (isRoot && (s_looks.Contains(name) || name.EndsWith("/Audit", StringComparison.Ordinal))))
        {
            return new SamplingResult(SamplingDecision.Drop);
        }

        var isSent = isRoot
            ? _ofRoots.ShouldSample(samplingParameters).Decision == SamplingDecision.RecordAndSample
            : (parent.TraceFlags & System.Diagnostics.ActivityTraceFlags.Recorded) != 0;
        return isSent ? s_sent : s_recorded;
    }
}

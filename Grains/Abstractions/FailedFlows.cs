namespace Hugesim.Abstractions;

/// <summary>
/// The traces of failed flows, by which the silos and traced clients of a cluster tell each other to keep their parts. One for the cluster, in memory only: what is lost with
/// its silo are parts of flows of the last seconds.
/// </summary>
public interface IFailedFlowsGrain : IGrainWithStringKey
{
    /// <summary>Adds traces, and returns those that others have added.</summary>
    /// <param name="traceIds">Traces of flows that failed at the caller.</param>
    /// <param name="after">Up to which number the caller knows all; that of the answer before, or 0.</param>
    /// <returns>Those with higher numbers that are still known, and the highest number.</returns>
    ValueTask<FailedFlows> Exchange(string[] traceIds, long after);
}

/// <summary>Traces of failed flows.</summary>
/// <param name="Last">The number of the newest.</param>
/// <param name="TraceIds">The traces, 32 hexadecimal digits each.</param>
[GenerateSerializer, Immutable, Alias("FailedFlows")]
public sealed record FailedFlows(long Last, string[] TraceIds)
{
    /// <summary>The key of the only grain that keeps them.</summary>
    public const string Key = "flows";
}

using System.Diagnostics;
using Hugesim.Abstractions;
using Orleans.Runtime;

namespace Hugesim.Telemetry;

/// <summary>Exchanges the traces of failed flows with the other processes of a cluster, so that all keep their parts of them.</summary>
internal static class FailedFlowExchange
{
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(2);

    /// <summary>Runs until it is cancelled, and once more then. A cluster that does not answer costs parts of failed flows, and nothing else.</summary>
    public static async Task RunAsync(IGrainFactory grains, CancellationToken stop)
    {
        // Nothing that happens to be under way is the cause of these calls.
        Activity.Current = null;
        var after = 0L;
        while (true)
        {
            // A cancelled wait is the sign to tell of the last ones.
            await Task.Delay(s_period, stop).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
            try
            {
                after = await ExchangeAsync(grains, after).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException or InvalidOperationException)
            {
                // A silo starts, stops or was lost: the next time, then.
            }

            if (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private static async Task<long> ExchangeAsync(IGrainFactory grains, long after)
    {
        if (FlowPipeline.OfProcess is not { } flows)
        {
            return after;
        }

        var buffer = flows.Processor.Buffer;
        var answer = await grains.GetGrain<IFailedFlowsGrain>(FailedFlows.Key).Exchange([.. buffer.TakeFailures()], after).AsTask().WaitAsync(s_timeout).ConfigureAwait(false);
        buffer.KeepFailed(answer.TraceIds);
        return answer.Last;
    }
}

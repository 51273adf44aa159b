namespace Hugesim.Silo;

/// <summary>
/// Ends calls that nobody will answer. Orleans lets a client's call to a silo that has died wait for its whole time-out, which is long because
/// one call may be a long piece of work.
/// </summary>
internal sealed class ConnectionLosses(string cluster)
{
    // What a living silo had already answered arrives in this time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private TaskCompletionSource<Exception> _next = New();

    /// <summary>Ends with the error of calls that are under way when the next loss has happened.</summary>
    public Task<Exception> Next => Volatile.Read(ref _next).Task;

    /// <summary>The client has no gateway any more.</summary>
    public void OnClusterLost() => Interlocked.Exchange(ref _next, New()).TrySetResult(Describe(null));

    /// <summary>The number of gateways has changed; one less means that a silo has gone.</summary>
    public void OnGateways(int before, int after)
    {
        if (after >= before || after == 0)
        {
            return;
        }

        var waiting = Interlocked.Exchange(ref _next, New());
        _ = Task.Delay(Patience).ContinueWith(
            _ => waiting.TrySetResult(new ClusterException(
                $"a silo of cluster {cluster} has gone, and a call that it may have held got no answer",
                "the state of the machine is not known any more: run the scenario again")),
            TaskScheduler.Default);
    }

    /// <summary>The error for a call that has failed because of the cluster.</summary>
    public ClusterException Describe(Exception? cause) => new(
        $"cluster {cluster} has not answered: {cause?.Message ?? "the connection to all its gateways is lost"}",
        "look at it with 'hugesim cluster status', and run the scenario again", cause);

    private static TaskCompletionSource<Exception> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

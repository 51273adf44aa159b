namespace Hugesim.Silo;

/// <summary>
/// Tells of calls that nobody will answer. Orleans lets a client's call to a silo that has gone wait for its whole time-out. A call that is under way when a silo goes is
/// made again after a while: it has a name, and is done once. Only without any gateway there is nobody to ask.
/// </summary>
internal sealed class ConnectionLosses(string cluster)
{
    // What a living silo had already answered arrives in this time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private TaskCompletionSource<Exception> _end = New();
    private TaskCompletionSource<Exception> _next = New();

    /// <summary>Ends with the error of all that is under way when the last gateway is lost.</summary>
    public Task<Exception> End => Volatile.Read(ref _end).Task;

    /// <summary>Ends when calls that are under way now may have lost their answer.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>The client has no gateway any more.</summary>
    public void OnClusterLost() => Interlocked.Exchange(ref _end, New()).TrySetResult(Describe(null));

    /// <summary>The number of gateways has changed; one less means that a silo has gone.</summary>
    public void OnGateways(int before, int after)
    {
        if (after >= before || after == 0)
        {
            return;
        }

        var waiting = Interlocked.Exchange(ref _next, New());
        _ = Task.Delay(Patience).ContinueWith(_ => waiting.TrySetResult(Describe(null)), TaskScheduler.Default);
    }

    /// <summary>The error for a call that has failed because of the cluster.</summary>
    public ClusterException Describe(Exception? cause) => new(
        $"cluster {cluster} has not answered: {cause?.Message ?? "the connection to all its gateways is lost"}",
        "look at it with 'hugesim cluster status', and run the scenario again", cause);

    private static TaskCompletionSource<Exception> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

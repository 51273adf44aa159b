using Hugesim.Grains;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Hugesim.Silo;

/// <summary>
/// Tells of calls that nobody will answer. Orleans lets a client's call to a silo that has gone wait for its whole time-out. A call that is under way when a silo goes is
/// made again after a while: it has a name, and is done once. Only without any gateway there is nobody to ask.
/// </summary>
internal sealed class ConnectionLosses(string cluster) : ISiloConnection
{
    // What a living silo had already answered arrives in this time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private TaskCompletionSource<Exception> _end = New();
    private TaskCompletionSource<Exception> _next = New();
    private bool _isLost;

    /// <summary>Ends with the error of all that is under way when the last gateway is lost, and of all that begins then and finds no other in a while.</summary>
    public Task<Exception> End
    {
        get
        {
            // In this order: who sees the source that replaced the one that has ended sees that the cluster is lost.
            var end = Volatile.Read(ref _end).Task;
            return Volatile.Read(ref _isLost) ? UnlessFoundAgain() : end;
        }
    }

    /// <inheritdoc/>
    public Task NextLoss => Volatile.Read(ref _next).Task;

    /// <summary>The client has no gateway any more.</summary>
    public void OnClusterLost()
    {
        Volatile.Write(ref _isLost, true);
        Interlocked.Exchange(ref _end, New()).TrySetResult(Describe(null));
    }

    /// <summary>The number of gateways has changed; one less means that a silo has gone.</summary>
    public void OnGateways(int before, int after)
    {
        if (after > 0)
        {
            Volatile.Write(ref _isLost, false);
        }

        if (after >= before || after == 0)
        {
            return;
        }

        var waiting = Interlocked.Exchange(ref _next, New());
        _ = Task.Delay(Patience).ContinueWith(_ => waiting.TrySetResult(Describe(null)), TaskScheduler.Default);
    }

    /// <inheritdoc/>
    /// <remarks>The gateway of a silo that has gone, before this client is told so, refuses in this way.</remarks>
    public bool IsRefusal(Exception failure) => failure is ConnectionFailedException or GatewayTooBusyException;

    /// <summary>The error for a call that has failed because of the cluster.</summary>
    /// <remarks>A silo that refuses tells the whole story of its own exception, with the lines of its program.</remarks>
    public ClusterException Describe(Exception? cause) => new(
        $"cluster {cluster} has not answered: {cause?.Message.ReplaceLineEndings("\n").Split('\n')[0] ?? "the connection to all its gateways is lost"}",
        "look at it with 'hugesim cluster status', and run the scenario again", cause);

    private async Task<Exception> UnlessFoundAgain()
    {
        await Task.Delay(Patience).ConfigureAwait(false);
        return Volatile.Read(ref _isLost) ? Describe(null) : await Volatile.Read(ref _end).Task.ConfigureAwait(false);
    }

    private static TaskCompletionSource<Exception> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

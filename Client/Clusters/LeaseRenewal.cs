using Hugesim.Abstractions;

namespace Hugesim.Clusters;

/// <summary>Tells a cluster now and then that this client lives, so that it keeps the client's machines.</summary>
internal sealed class LeaseRenewal : IAsyncDisposable
{
    /// <summary>How long a cluster keeps the machines of a client that says nothing.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Period = Lease / 6;

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;

    /// <summary>Begins to renew.</summary>
    /// <param name="renew">Sends one word to the cluster.</param>
    public LeaseRenewal(Func<CancellationToken, Task> renew) => _renewing = Task.Run(() => RenewAsync(renew, _stop.Token));

    /// <summary>This process as a client.</summary>
    public static MachineOwner Owner()
    {
        var command = Environment.GetCommandLineArgs() is [_, { Length: > 0 } name, ..] && name.All(char.IsAsciiLetter) ? $"hugesim {name}" : "hugesim";
        return new MachineOwner(
            Guid.NewGuid().ToString("N"), FormattableString.Invariant($"{command}, process {Environment.ProcessId} on {Environment.MachineName}"), Lease);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        _stop.Dispose();
    }

    private static async Task RenewAsync(Func<CancellationToken, Task> renew, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Period);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
            {
                try
                {
                    await renew(stop).ConfigureAwait(false);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    // The commands themselves report a cluster that is gone; one that comes back is told again next time.
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}

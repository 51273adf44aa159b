using System.Runtime.InteropServices;

namespace Hugesim.Cli;

/// <summary>
/// Turns the first Ctrl-C, SIGINT or SIGTERM into a cancellation, so that the running step is finished and its output is written.
/// A second one ends the process at once, if it is not the same again: <c>timeout</c> signals its child, and then the group that the child is in.
/// </summary>
public sealed class Interruption : IDisposable
{
    private static readonly TimeSpan SameSignal = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _source = new();
    private readonly Lock _lock = new();
    private readonly PosixSignalRegistration[] _registrations;
    private long? _first;

    /// <summary>Begins to listen.</summary>
    /// <param name="time">Tells a second signal from the same one again.</param>
    public Interruption(TimeProvider time)
    {
        _time = time;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        ];
    }

    /// <summary>Is cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    /// <summary>Takes a signal. False if the process is to end at once.</summary>
    internal bool Take()
    {
        var now = _time.GetTimestamp();
        long first;
        lock (_lock)
        {
            first = _first ??= now;
        }

        _source.Cancel();
        return _time.GetElapsedTime(first, now) < SameSignal;
    }

    private void Handle(PosixSignalContext context) => context.Cancel = Take();
}

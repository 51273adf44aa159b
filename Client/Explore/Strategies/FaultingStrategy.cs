namespace Hugesim.Explore;

/// <summary>What may go wrong with messages and silos.</summary>
[Flags]
public enum FaultKinds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Messages are late, and so come in another order.</summary>
    Delay = 1,

    /// <summary>Messages are lost.</summary>
    Loss = 2,

    /// <summary>Messages come twice.</summary>
    Duplicate = 4,

    /// <summary>A silo crashes.</summary>
    Crash = 8,
}

/// <summary>Adds a few faults to the schedules of another strategy, at random places.</summary>
/// <param name="inner">Chooses the deliveries.</param>
/// <param name="kinds">What may go wrong.</param>
/// <param name="silos">Silos that may crash; at least two, so that one is left.</param>
/// <param name="seed">What the places follow from.</param>
public sealed class FaultingStrategy(IScheduleStrategy inner, FaultKinds kinds, int silos, long seed) : IScheduleStrategy
{
    private const int MostFaults = 3;

    private readonly Dictionary<int, MessageFault> _faults = [];
    private readonly MessageFault[] _choices = Choices(kinds);
    private SplitMix _random;
    private long _run;
    private int _messages;
    private int _steps;
    private int _mostMessages = 1;
    private int _mostSteps = 1;
    private int _crashStep;
    private int _crashSilo;

    /// <inheritdoc/>
    public bool TryBegin()
    {
        _random = SplitMix.For(~seed, _run++);
        _faults.Clear();
        (_messages, _steps) = (0, 0);
        var faults = _choices.Length == 0 ? 0 : 1 + _random.Below(MostFaults);
        for (var i = 0; i < faults; i++)
        {
            _faults[_random.Below(_mostMessages)] = _choices[_random.Below(_choices.Length)];
        }

        var crashes = (kinds & FaultKinds.Crash) != 0 && silos > 1;
        _crashStep = crashes ? _random.Below(_mostSteps) : -1;
        _crashSilo = crashes ? _random.Below(silos) : -1;
        return inner.TryBegin();
    }

    /// <inheritdoc/>
    public void BeginBlock() => inner.BeginBlock();

    /// <inheritdoc/>
    public int Choose(ReadOnlySpan<ReadyDelivery> ready, int usual)
    {
        _steps++;
        return inner.Choose(ready, usual);
    }

    /// <inheritdoc/>
    public MessageFault FateOf(int message)
    {
        _messages++;
        return _faults.GetValueOrDefault(message);
    }

    /// <inheritdoc/>
    public int CrashAt(int step) => step == _crashStep ? _crashSilo : -1;

    /// <inheritdoc/>
    public void End()
    {
        (_mostMessages, _mostSteps) = (Math.Max(_mostMessages, _messages), Math.Max(_mostSteps, _steps));
        inner.End();
    }

    private static MessageFault[] Choices(FaultKinds kinds) =>
    [
        .. (kinds & FaultKinds.Delay) != 0 ? [MessageFault.Delay] : Array.Empty<MessageFault>(),
        .. (kinds & FaultKinds.Loss) != 0 ? [MessageFault.Lose] : Array.Empty<MessageFault>(),
        .. (kinds & FaultKinds.Duplicate) != 0 ? [MessageFault.Duplicate] : Array.Empty<MessageFault>(),
    ];
}

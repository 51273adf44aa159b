namespace Hugesim.Abstractions;

/// <summary>
/// A grain was called that has no state: it was never made, has ended, or was lost with its silo. Also what every call to a machine's pool answers once
/// a part of the machine is lost: its counters could not add up any more.
/// </summary>
[GenerateSerializer, Alias("StateLostException")]
public sealed class StateLostException : Exception
{
    /// <summary>An error about one grain.</summary>
    /// <param name="grain">Kind and key of the grain, such as <c>hstate m1/2048kB</c>.</param>
    /// <param name="machine">The emulated machine that it belongs to.</param>
    /// <param name="message">What is lost and with which silo.</param>
    public StateLostException(string grain, string machine, string message)
        : base(message) => (Grain, Machine) = (grain, machine);

    /// <summary>Kind and key of the grain.</summary>
    [Id(0)]
    public string Grain { get; private set; }

    /// <summary>The emulated machine.</summary>
    [Id(1)]
    public string Machine { get; private set; }
}

/// <summary>A request or an answer of an activation that should be gone: two activations of one grain exist, or did a moment ago.</summary>
[GenerateSerializer, Alias("StaleEpochException")]
public sealed class StaleEpochException : Exception
{
    /// <summary>An error about one grain.</summary>
    /// <param name="grain">Kind and key of the grain.</param>
    /// <param name="epoch">The epoch of the activation that is not the newest.</param>
    /// <param name="newest">The highest epoch that was seen.</param>
    /// <param name="silo">The silo of the activation, or null where it is not known.</param>
    public StaleEpochException(string grain, long epoch, long newest, string? silo)
        : base($"{grain}: the activation{(silo is null ? "" : $" on {silo}")} has epoch {epoch}, and epoch {newest} has been seen: it is not the only one and is refused") =>
        (Grain, Epoch, Newest) = (grain, epoch, newest);

    /// <summary>Kind and key of the grain.</summary>
    [Id(0)]
    public string Grain { get; private set; }

    /// <summary>The epoch of the activation that is not the newest.</summary>
    [Id(1)]
    public long Epoch { get; private set; }

    /// <summary>The highest epoch that was seen.</summary>
    [Id(2)]
    public long Newest { get; private set; }
}

/// <summary>A call was sent again as often as is worth it, and failed each time. Who gets this as an answer does not send again.</summary>
[GenerateSerializer, Alias("CallGivenUpException")]
public sealed class CallGivenUpException : Exception
{
    /// <summary>An error about one call.</summary>
    /// <param name="attempts">How often it was sent.</param>
    /// <param name="last">How it failed the last time.</param>
    public CallGivenUpException(int attempts, Exception last)
        : base($"a call was given up after {attempts} attempts, of which the last ended so: {last.Message}", last)
    {
    }
}

/// <summary>What is lost of a machine, for those that must know.</summary>
/// <param name="Grain">Kind and key of the grain that is lost.</param>
/// <param name="Message">What is lost and with which silo.</param>
[GenerateSerializer, Immutable, Alias("StateLoss")]
public sealed record StateLoss(string Grain, string Message);

namespace Hugesim.Tests.Engine;

/// <summary>What happens to a call.</summary>
public enum CallFault
{
    /// <summary>It arrives and is answered.</summary>
    None,

    /// <summary>The request is lost: the caller times out.</summary>
    LoseRequest,

    /// <summary>The answer is lost: the caller times out, and the call was carried out.</summary>
    LoseAnswer,

    /// <summary>The request arrives twice.</summary>
    Duplicate,
}

/// <summary>Loses and repeats calls to some grain interfaces, by chance from a seed.</summary>
/// <param name="seed">The seed.</param>
/// <param name="percent">How many calls of a hundred something happens to.</param>
/// <param name="interfaces">Beginnings of the names of the methods it happens to, such as <c>IHstateGrain.</c>.</param>
public sealed class MessageFaults(int seed, int percent, params string[] interfaces)
{
    private readonly Random _random = new(seed);
    private readonly int[] _counts = new int[4];

    /// <summary>How many calls each fault has happened to.</summary>
    public int Count(CallFault fault) => Volatile.Read(ref _counts[(int)fault]);

    /// <summary>The fault of the next call.</summary>
    /// <param name="method">Interface and method.</param>
    /// <param name="possible">What can happen to it where the question is asked.</param>
    public CallFault Next(string method, params CallFault[] possible)
    {
        if (!Array.Exists(interfaces, name => method.StartsWith(name, StringComparison.Ordinal)))
        {
            return CallFault.None;
        }

        lock (_random)
        {
            var fault = _random.Next(100) < percent ? possible[_random.Next(possible.Length)] : CallFault.None;
            _counts[(int)fault]++;
            return fault;
        }
    }
}

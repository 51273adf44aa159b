namespace Hugesim.Load;

/// <summary>
/// A random number generator of 8 bytes (SplitMix64): a million processes have one each, and the numbers are the same on every version of .NET.
/// </summary>
internal struct SplitMix(ulong state)
{
    private ulong _state = state;

    /// <summary>A generator for one of many: the streams of different parts are unrelated.</summary>
    public static SplitMix For(long seed, long machine, long number)
    {
        var mix = new SplitMix((ulong)seed);
        mix = new SplitMix(mix.Next() ^ (ulong)machine);
        return new SplitMix(mix.Next() ^ (ulong)number);
    }

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to <paramref name="bound"/> - 1.</summary>
    public long Below(long bound) => (long)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>A number within bounds, both included.</summary>
    public long Between(long min, long max) => min >= max ? min : min + Below(max - min + 1);
}

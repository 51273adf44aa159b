namespace Hugesim.Explore;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): the numbers of a seed are the same on every machine and every version of .NET.</summary>
internal struct SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A generator for one of several runs under the same seed.</summary>
    public static SplitMix For(long seed, long run)
    {
        var mixed = new SplitMix((ulong)seed);
        return new SplitMix(mixed.Next() ^ ((ulong)run * 0x9E3779B97F4A7C15));
    }

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 below a limit.</summary>
    public int Below(int limit) => (int)Math.BigMul(Next(), (ulong)limit, out _);
}

namespace Hugesim.Explore;

/// <summary>Every delivery is drawn from all that are ready, each as likely as the other.</summary>
/// <param name="seed">What the draws follow from.</param>
public sealed class RandomStrategy(long seed) : IScheduleStrategy
{
    private SplitMix _random;
    private long _run;

    /// <inheritdoc/>
    public bool TryBegin()
    {
        _random = SplitMix.For(seed, _run++);
        return true;
    }

    /// <inheritdoc/>
    public void BeginBlock()
    {
    }

    /// <inheritdoc/>
    public int Choose(ReadOnlySpan<ReadyDelivery> ready, int usual) => ready.Length == 1 ? 0 : _random.Below(ready.Length);

    /// <inheritdoc/>
    public void End()
    {
    }
}

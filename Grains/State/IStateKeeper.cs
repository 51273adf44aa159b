namespace Hugesim.Grains;

/// <summary>
/// Keeps states between two activations: a service of the silo, for engines whose own migration may drop a state on its way. An activation that ends leaves its state here, and the next one
/// takes it, wherever it begins and why ever the first has ended.
/// </summary>
public interface IStateKeeper
{
    /// <summary>Keeps the state of an activation that ends. When this returns, each silo of the cluster knows where the state is.</summary>
    /// <param name="grain">The grain.</param>
    /// <param name="record">Its state; one of a higher epoch takes the place of what is kept already.</param>
    Task KeepAsync(GrainId grain, GrainRecord record);

    /// <summary>
    /// The newest state that is kept of a grain, or null. It is then kept on this silo and on no other, until <see cref="Begun"/>: an activation may end before it has begun, without a word.
    /// </summary>
    /// <param name="grain">The grain.</param>
    /// <param name="stop">Nobody waits for the answer any more.</param>
    ValueTask<GrainRecord?> TakeAsync(GrainId grain, CancellationToken stop);

    /// <summary>The activation that has taken the state works: from now on what was kept is old.</summary>
    /// <param name="grain">The grain.</param>
    /// <param name="epoch">Epoch of the state that was taken.</param>
    void Begun(GrainId grain, long epoch);
}

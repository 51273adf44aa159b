using Orleans;

namespace Hugesim.Embedded;

/// <content>What only the deterministic scheduler has.</content>
public sealed partial class EmbeddedCluster
{
    /// <summary>The decisions of the run so far.</summary>
    public DecisionTrace Trace => Scheduler.Chooser.Trace;

    /// <summary>Deliveries so far.</summary>
    public long Steps => Scheduler.Steps;

    /// <summary>Decides in place of the seed which delivery is next; null leaves it to the seed. It may change between two runs, and stays on reset.</summary>
    public DeliveryOrder? Order
    {
        get => Scheduler.Order;
        set => Scheduler.Order = value;
    }

    private DeterministicScheduler Scheduler => Deterministic
        ?? throw new InvalidOperationException("Only a cluster with SchedulerKind.Deterministic has this; this one is parallel.");

    /// <summary>Runs a client, and all grains that it needs, on this thread until the client has finished.</summary>
    /// <exception cref="DeadlockException">Nothing can move and the client has not finished.</exception>
    public void Run(Func<IGrainFactory, Task> client) => Scheduler.Run([client]).GetAwaiter().GetResult();

    /// <summary>As <see cref="Run(Func{IGrainFactory, Task})"/>, with a result.</summary>
    public T Run<T>(Func<IGrainFactory, Task<T>> client) => ((Task<T>)Scheduler.Run([client])).GetAwaiter().GetResult();

    /// <summary>
    /// Runs several clients side by side. Calls of one client to one grain stay in order; between clients any order is possible.
    /// </summary>
    public void Run(params Func<IGrainFactory, Task>[] clients) => Scheduler.Run(clients).GetAwaiter().GetResult();

    /// <summary>Runs what is still under way, such as one-way calls, until nothing is left that the clock need not move for.</summary>
    public void RunUntilIdle() => Scheduler.RunUntilIdle();

    /// <summary>Makes the cluster as new: no activations, nothing stored, all silos, the clock at its start. Cheaper than a new cluster.</summary>
    /// <param name="seed">The seed of the next run.</param>
    /// <param name="replay">Or the decisions that it repeats.</param>
    public void Reset(long seed, DecisionTrace? replay = null)
    {
        Scheduler.Reset(seed, replay);
        foreach (var kind in References.Kinds)
        {
            kind.Clear();
        }

        Volatile.Write(ref _silos, MakeSilos(_options));
        _crashed.Clear();
        _activationNumber = 0;
        Placement.Reset();
        Store.Clear();
    }
}

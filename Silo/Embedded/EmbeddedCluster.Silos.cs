using Orleans;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <content>Activations and silos that come and go.</content>
public sealed partial class EmbeddedCluster
{
    private readonly List<SiloAddress> _crashed = [];

    /// <summary>The silos that were lost so far, in the order of their loss.</summary>
    public IReadOnlyList<SiloAddress> CrashedSilos
    {
        get
        {
            lock (_silosChange)
            {
                return [.. _crashed];
            }
        }
    }

    /// <summary>The silo that holds the activation of a grain now, or null. Of a stateless worker there is no such silo.</summary>
    public EmbeddedSilo? FindActivation(IAddressable grain) => Lookup(grain) is { IsActive: true } activation ? activation.Silo : null;

    /// <summary>
    /// The instance that is the grain now, or null: a look inside for tests and tools, while nothing runs there. Calls go to the grain, never to this.
    /// </summary>
    public object? FindInstance(IAddressable grain) => Lookup(grain)?.GrainInstance;

    /// <summary>All instances, by their ids: the same look inside. Null while a request runs or waits in any of them.</summary>
    public IReadOnlyList<(GrainId Id, object Instance)>? InstancesAtRest()
    {
        var instances = new List<(GrainId Id, object Instance)>();
        foreach (var kind in References.Kinds)
        {
            foreach (var activation in kind.Activations)
            {
                if (activation.HasWork)
                {
                    return null;
                }

                if (activation.GrainInstance is { } instance)
                {
                    instances.Add((GrainId.Create(kind.GrainType, activation.Key), instance));
                }
            }
        }

        instances.Sort(static (one, other) => one.Id.CompareTo(other.Id));
        return instances;
    }

    /// <summary>
    /// Loses a silo with all its activations. Callers that wait for one of them get a <see cref="SiloUnavailableException"/>;
    /// the next call makes a new activation elsewhere.
    /// </summary>
    public void CrashSilo(int index)
    {
        var silo = Silos[index];
        if (silo.IsRunning)
        {
            lock (_silosChange)
            {
                _crashed.Add(silo.SiloAddress);
            }
        }

        silo.Stop();
        Abandon(silo);
    }

    /// <summary>
    /// Stops a silo in order: nothing new is placed on it, each activation ends what it does and is deactivated with
    /// <see cref="DeactivationReasonCode.ShuttingDown"/>, and moves with its state if it asks for that then. No call is lost.
    /// </summary>
    public async Task StopSiloAsync(int index)
    {
        var silo = Silos[index];
        silo.Close();
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, $"{silo.Name} stops.");
        while (On(silo).Where(activation => activation.IsActive).ToList() is { Count: > 0 } active)
        {
            await Task.WhenAll(active.Select(activation => Leave(activation, leaving => leaving.RequestDeactivation(reason))));
        }

        silo.Stop();
        Abandon(silo);
    }

    /// <summary>Starts a silo that crashed or was stopped anew: empty, with the next generation of its address.</summary>
    public EmbeddedSilo RestartSilo(int index)
    {
        lock (_silosChange)
        {
            var old = _silos[index];
            if (old.IsRunning)
            {
                throw new InvalidOperationException($"{old} runs: crash it first.");
            }

            var silos = _silos.ToArray();
            silos[index] = old.NextGeneration();
            Volatile.Write(ref _silos, silos);
            return silos[index];
        }
    }

    /// <summary>Moves the activation of a grain to a silo, with its state if it has any. False if the grain is not active.</summary>
    public async Task<bool> MigrateAsync(IAddressable grain, int silo)
    {
        var target = Silos[silo];
        if (Lookup(grain) is not { IsActive: true } activation)
        {
            return false;
        }

        await Leave(activation, moving => moving.RequestMigration(null, target));
        return true;
    }

    /// <summary>Moves every activation that has a state to move to the next silo.</summary>
    public Task MigrateAllAsync() => Task.WhenAll(
        Active().Where(activation => activation.GrainInstance is IGrainMigrationParticipant)
            .Select(activation => Leave(activation, moving => moving.RequestMigration(null, After(moving.Silo)))));

    /// <summary>Ends the activation of a grain, once nothing runs in it.</summary>
    public Task DeactivateAsync(IAddressable grain)
    {
        var reason = new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "EmbeddedCluster.DeactivateAsync was called.");
        return Lookup(grain) is { IsActive: true } activation ? Leave(activation, ending => ending.RequestDeactivation(reason)) : Task.CompletedTask;
    }

    /// <summary>Ends every activation that is idle and not kept by <see cref="KeepAliveAttribute"/>.</summary>
    public Task CollectIdleAsync() => Task.WhenAll(
        Active().Select(activation => Leave(activation, idle => idle.Collect())));

    /// <summary>
    /// Makes the directory forget a grain whose activation lives on, as a directory does that loses an entry: the next look-up makes a second one, while
    /// references that have called the first go on to it.
    /// </summary>
    public void ForgetActivation(IAddressable grain)
    {
        if (Lookup(grain) is { } activation)
        {
            activation.Kind.Forget(activation);
        }
    }

    private List<Activation> Active() => References.Kinds.SelectMany(kind => kind.Activations)
        .Where(activation => activation.IsActive).OrderBy(activation => activation.Number).ToList();

    private EmbeddedSilo After(EmbeddedSilo silo)
    {
        var open = Placement.Running();
        return open.FirstOrDefault(other => other.Index > silo.Index) ?? open[0];
    }

    private static Activation? Lookup(IAddressable grain) =>
        (grain as GrainReference ?? grain.AsReference<IGrain>() as GrainReference) is { } reference ? reference.Kind.Lookup(reference.Key) : null;

    private Task Leave(Activation activation, Action<Activation> how)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Deliver(activation, new ControlWork(leaving => leaving.Leave(done, how)), activation);
        return done.Task;
    }

    // In the order of their making: the directory's own order differs from process to process.
    private List<Activation> On(EmbeddedSilo silo) => References.Kinds.SelectMany(kind => kind.Activations)
        .Where(activation => activation.Silo == silo).OrderBy(activation => activation.Number).ToList();

    private void Abandon(EmbeddedSilo silo)
    {
        foreach (var activation in On(silo))
        {
            activation.Kind.Forget(activation);
            Kill(activation);
        }
    }
}

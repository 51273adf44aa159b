using System.Collections.Concurrent;
using System.Reflection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Hugesim.Embedded.CodeGeneration;

/// <summary>A grain class in one cluster: what its attributes say, and the directory of its activations. Opaque to generated code.</summary>
public sealed class GrainKind
{
    private readonly ConcurrentDictionary<string, Activation> _activations = new();
    private readonly ConcurrentDictionary<(int Silo, string Key), WorkerPool> _pools = new();
    private readonly Func<GrainKind, string, GrainReference> _makeReference;
    private readonly Func<IServiceProvider, object> _makeInstance;
    private readonly PlacementStrategy _placement;
    private readonly PlacementFilterStrategy[] _filters;

    internal GrainKind(EmbeddedCluster cluster, Type grainClass)
    {
        Cluster = cluster;
        GrainClass = grainClass;
        GrainType = GrainType.Create(grainClass.GetCustomAttribute<GrainTypeAttribute>()?.GrainType ?? NameByConvention(grainClass));
        IsReentrant = grainClass.IsDefined(typeof(ReentrantAttribute), inherit: true);
        IsKeptAlive = grainClass.IsDefined(typeof(KeepAliveAttribute), inherit: true);
        _placement = grainClass.GetCustomAttribute<PlacementAttribute>(inherit: true)?.PlacementStrategy ?? RandomPlacement.Singleton;
        _filters = grainClass.GetCustomAttributes<PlacementFilterAttribute>(inherit: true)
            .Select(attribute => attribute.PlacementFilterStrategy).OrderBy(filter => filter.Order).ToArray();
        _makeReference = GrainRegistry.AnyReferenceMaker(grainClass);
        _makeInstance = InstanceMaker.For(grainClass);
    }

    internal EmbeddedCluster Cluster { get; }

    internal Type GrainClass { get; }

    internal GrainType GrainType { get; }

    internal bool IsReentrant { get; }

    internal bool IsKeptAlive { get; }

    internal IEnumerable<Activation> Activations => _activations.Values.Concat(_pools.Values.SelectMany(pool => pool.Activations));

    internal GrainReference MakeReference(string key) => _makeReference(this, key);

    internal IGrainBase CreateInstance() => (IGrainBase)_makeInstance(Cluster.Services);

    /// <summary>The activation that a request goes to; makes its place if there is none.</summary>
    internal Activation Find(string key, ExecutionNode? caller, Dictionary<string, object>? context)
    {
        while (true)
        {
            var found = HasOneActivation ? FindOne(key, caller, context) : FindWorker(key, caller, context);
            if (found.Silo.IsRunning)
            {
                return found;
            }

            // The silo crashed between the choice and now, and may have missed this one.
            Forget(found);
            Cluster.Kill(found);
        }
    }

    /// <summary>A cached activation is the right one for every caller.</summary>
    internal bool HasOneActivation => _placement is not StatelessWorkerPlacement;

    internal Activation? Lookup(string key) => _activations.GetValueOrDefault(key);

    internal EmbeddedSilo Place(string key, ExecutionNode? caller, Dictionary<string, object>? context) =>
        HasOneActivation
            ? Cluster.Placement.Place(GrainId.Create(GrainType, key), _placement, _filters, caller, context)
            : (caller as Activation)?.Silo is { IsRunning: true } local ? local : Cluster.Placement.Next(Cluster.Placement.Running());

    internal void Forget(Activation activation)
    {
        _activations.TryRemove(new KeyValuePair<string, Activation>(activation.Key, activation));
        if (!HasOneActivation && _pools.TryGetValue((activation.Silo.Index, activation.Key), out var pool))
        {
            pool.Remove(activation);
        }
    }

    internal void Clear()
    {
        foreach (var activation in Activations)
        {
            activation.Discard();
        }

        // To clear a dictionary costs more than to look whether it is empty.
        if (!_activations.IsEmpty)
        {
            _activations.Clear();
        }

        if (!_pools.IsEmpty)
        {
            _pools.Clear();
        }
    }

    private Activation FindOne(string key, ExecutionNode? caller, Dictionary<string, object>? context)
    {
        if (_activations.TryGetValue(key, out var known))
        {
            return known;
        }

        var placed = new Activation(this, key, Place(key, caller, context));
        var winner = _activations.GetOrAdd(key, placed);
        if (!ReferenceEquals(winner, placed))
        {
            placed.Silo.CountActivation(-1);
        }

        return winner;
    }

    private Activation FindWorker(string key, ExecutionNode? caller, Dictionary<string, object>? context)
    {
        var silo = Place(key, caller, context);
        var max = ((StatelessWorkerPlacement)_placement).MaxLocal;
        return _pools.GetOrAdd((silo.Index, key), static (_, max) => new WorkerPool(max), max).Pick(this, key, silo);
    }

    private static string NameByConvention(Type grainClass)
    {
        var name = grainClass.Name.ToLowerInvariant();
        return name.Length > 5 && name.EndsWith("grain", StringComparison.Ordinal) ? name[..^5] : name;
    }
}

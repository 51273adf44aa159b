using System.Collections.Concurrent;
using Hugesim.Embedded.CodeGeneration;
using Orleans;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <summary>Makes references; after the first one of an interface, without reflection.</summary>
internal sealed class ReferenceFactory(EmbeddedCluster cluster) : IGrainFactory
{
    private readonly ConcurrentDictionary<Type, GrainKind> _kinds = new();
    private readonly ConcurrentDictionary<(Type Interface, string? Prefix), Entry> _entries = new();
    private Entry?[] _bySlot = new Entry?[64];

    internal IEnumerable<GrainKind> Kinds => _kinds.Values;

    /// <inheritdoc/>
    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrEmpty(primaryKey);
        var entry = grainClassNamePrefix is null ? EntryOf<TGrainInterface>() : EntryOf(typeof(TGrainInterface), grainClassNamePrefix);
        return (TGrainInterface)(object)entry.Make(entry.Kind, primaryKey);
    }

    /// <inheritdoc/>
    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable
    {
        var kind = GrainRegistry.Implementations(typeof(TGrainInterface)).Select(KindOf).FirstOrDefault(kind => kind.GrainType == grainId.Type)
            ?? throw new ArgumentException($"No class of type {grainId.Type} implements {typeof(TGrainInterface).FullName}.", nameof(grainId));
        return (TGrainInterface)(object)GrainRegistry.ReferenceMaker(typeof(TGrainInterface))(kind, grainId.Key.ToString());
    }

    /// <inheritdoc/>
    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey)
    {
        ArgumentException.ThrowIfNullOrEmpty(grainPrimaryKey);
        var entry = EntryOf(grainInterfaceType, null);
        return entry.Make(entry.Kind, grainPrimaryKey);
    }

    /// <summary>A reference of another interface to the same grain.</summary>
    internal GrainReference Cast(GrainReference reference, Type grainInterface) =>
        grainInterface.IsAssignableFrom(reference.Kind.GrainClass)
            ? GrainRegistry.ReferenceMaker(grainInterface)(reference.Kind, reference.Key)
            : throw new InvalidCastException($"{reference.GrainId} ({reference.Kind.GrainClass.FullName}) does not implement {grainInterface.FullName}.");

    private Entry EntryOf<TGrainInterface>()
    {
        var slot = Slot<TGrainInterface>.Index;
        var entries = Volatile.Read(ref _bySlot);
        return slot < entries.Length && entries[slot] is { } entry ? entry : AddSlot(typeof(TGrainInterface), slot);
    }

    private Entry AddSlot(Type grainInterface, int slot)
    {
        var entry = EntryOf(grainInterface, null);
        lock (_entries)
        {
            var entries = _bySlot;
            Array.Resize(ref entries, Math.Max(entries.Length, slot * 2));
            entries[slot] = entry;
            Volatile.Write(ref _bySlot, entries);
        }

        return entry;
    }

    private Entry EntryOf(Type grainInterface, string? prefix) => _entries.GetOrAdd((grainInterface, prefix), MakeEntry);

    private Entry MakeEntry((Type Interface, string? Prefix) asked)
    {
        var make = GrainRegistry.ReferenceMaker(asked.Interface);
        var classes = GrainRegistry.Implementations(asked.Interface);
        if (asked.Prefix is not null)
        {
            classes = classes.Where(type => type.FullName!.StartsWith(asked.Prefix, StringComparison.Ordinal)).ToList();
        }

        // Orleans' rule: the class that is called as the interface is, without the I.
        if (classes.Count > 1 && classes.FirstOrDefault(type => type.Name == asked.Interface.Name[1..]) is { } primary)
        {
            classes = [primary];
        }

        return classes switch
        {
            [var only] => new Entry(KindOf(only), make),
            [] => throw new ArgumentException($"No grain class implements {asked.Interface.FullName}."),
            _ => throw new ArgumentException(
                $"{classes.Count} grain classes implement {asked.Interface.FullName}: {string.Join(", ", classes.Select(type => type.FullName))}. " +
                "Name one by the prefix of its full name."),
        };
    }

    private GrainKind KindOf(Type grainClass) => _kinds.GetOrAdd(grainClass, type => new GrainKind(cluster, type));

    private sealed record Entry(GrainKind Kind, Func<GrainKind, string, GrainReference> Make);

    private static class SlotCounter
    {
        internal static int Last;
    }

    /// <summary>Numbers the interfaces of the process, so that a cluster finds one by an array index.</summary>
    private static class Slot<T>
    {
        internal static readonly int Index = Interlocked.Increment(ref SlotCounter.Last);
    }
}

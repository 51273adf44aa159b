using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Hugesim.Embedded.CodeGeneration;

/// <summary>The grain interfaces and classes of the process. Generated module initializers fill it.</summary>
public static class GrainRegistry
{
    private static readonly ConcurrentDictionary<Type, Func<GrainKind, string, GrainReference>> Interfaces = new();
    private static readonly ConcurrentDictionary<Type, byte> Classes = new();
    private static readonly ConcurrentDictionary<Assembly, byte> Seen = new();
    private static readonly string Engine = typeof(GrainRegistry).Assembly.GetName().Name!;

    /// <summary>Adds a grain interface with the maker of its references.</summary>
    public static void AddInterface(Type grainInterface, Func<GrainKind, string, GrainReference> makeReference) =>
        Interfaces.TryAdd(grainInterface, makeReference);

    /// <summary>Adds a grain class.</summary>
    public static void AddClass(Type grainClass) => Classes.TryAdd(grainClass, 0);

    internal static Func<GrainKind, string, GrainReference> ReferenceMaker(Type grainInterface)
    {
        Load(grainInterface.Assembly);
        return Interfaces.TryGetValue(grainInterface, out var maker)
            ? maker
            : throw new ArgumentException(
                $"{grainInterface.FullName} has no generated reference: is it a non-generic grain interface, in a project that uses the generator?",
                nameof(grainInterface));
    }

    /// <summary>The classes that implement an interface, in an order that is the same in every run.</summary>
    internal static List<Type> Implementations(Type grainInterface)
    {
        LoadAll();
        return Classes.Keys.Where(grainInterface.IsAssignableFrom).OrderBy(type => type.FullName, StringComparer.Ordinal).ToList();
    }

    /// <summary>An interface of the class, for a reference that only needs the identity.</summary>
    internal static Func<GrainKind, string, GrainReference> AnyReferenceMaker(Type grainClass) =>
        grainClass.GetInterfaces().OrderBy(type => type.FullName, StringComparer.Ordinal)
            .Select(type => Interfaces.GetValueOrDefault(type)).FirstOrDefault(maker => maker is not null)
        ?? throw new ArgumentException($"{grainClass.FullName} implements no grain interface.", nameof(grainClass));

    /// <summary>An initializer runs when its module is first used; a grain class may be named by nothing but its interface.</summary>
    private static void LoadAll()
    {
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            Load(assembly);
        }
    }

    private static void Load(Assembly assembly)
    {
        if (assembly.IsDynamic || !Seen.TryAdd(assembly, 0))
        {
            return;
        }

        var references = assembly.GetReferencedAssemblies();
        if (!references.Any(name => name.Name == Engine))
        {
            return;
        }

        RuntimeHelpers.RunModuleConstructor(assembly.ManifestModule.ModuleHandle);
        foreach (var name in references.Where(name => name.Name != Engine && !IsFramework(name.Name)))
        {
            Load(Assembly.Load(name));
        }
    }

    private static bool IsFramework(string? name) =>
        name is null || name.StartsWith("System", StringComparison.Ordinal) || name.StartsWith("Microsoft", StringComparison.Ordinal)
        || name is "netstandard" or "mscorlib";
}

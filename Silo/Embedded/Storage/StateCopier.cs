using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Hugesim.Embedded;

/// <summary>Copies stored state field by field, so that what a grain changes after a write is not in the store. Not for the hot path.</summary>
internal static class StateCopier
{
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> Fields = new();

    internal static object? Copy(object? original) => Copy(original, new Dictionary<object, object>(ReferenceEqualityComparer.Instance));

    private static object? Copy(object? original, Dictionary<object, object> copies)
    {
        if (original is null || IsImmutable(original.GetType()))
        {
            return original;
        }

        if (copies.TryGetValue(original, out var known))
        {
            return known;
        }

        var copy = original is Array array ? array.Clone() : RuntimeHelpers.GetUninitializedObject(original.GetType());
        copies.Add(original, copy);
        if (copy is Array elements)
        {
            CopyElements(elements, copies);
            return copy;
        }

        foreach (var field in Fields.GetOrAdd(original.GetType(), AllFields))
        {
            field.SetValue(copy, Copy(field.GetValue(original), copies));
        }

        return copy;
    }

    private static void CopyElements(Array elements, Dictionary<object, object> copies)
    {
        if (IsImmutable(elements.GetType().GetElementType()!))
        {
            return;
        }

        var index = new int[elements.Rank];
        for (var flat = 0; flat < elements.Length; flat++)
        {
            var rest = flat;
            for (var rank = elements.Rank - 1; rank >= 0; rank--)
            {
                var length = elements.GetLength(rank);
                index[rank] = elements.GetLowerBound(rank) + (rest % length);
                rest /= length;
            }

            elements.SetValue(Copy(elements.GetValue(index), copies), index);
        }
    }

    private static bool IsImmutable(Type type) =>
        type.IsPrimitive || type.IsEnum || type.IsPointer || type == typeof(string) || type == typeof(decimal)
        || typeof(Delegate).IsAssignableFrom(type) || typeof(MemberInfo).IsAssignableFrom(type)
        || typeof(Orleans.Runtime.IAddressable).IsAssignableFrom(type);

    private static FieldInfo[] AllFields(Type type)
    {
        var fields = new List<FieldInfo>();
        for (var level = type; level is not null; level = level.BaseType)
        {
            fields.AddRange(level.GetFields(
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));
        }

        return [.. fields];
    }
}

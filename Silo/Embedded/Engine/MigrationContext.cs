using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <summary>What a moving activation takes with it; by reference, as all that travels here.</summary>
internal sealed class MigrationContext : IDehydrationContext, IRehydrationContext
{
    private readonly Dictionary<string, object> _values = [];

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _values.Keys;

    /// <inheritdoc/>
    public bool TryAddValue<T>(string key, T? value) => value is not null && _values.TryAdd(key, value);

    /// <inheritdoc/>
    public bool TryGetValue<T>(string key, [NotNullWhen(true)] out T? value)
    {
        if (_values.TryGetValue(key, out var found) && found is T wanted)
        {
            value = wanted;
            return true;
        }

        value = default;
        return false;
    }
}

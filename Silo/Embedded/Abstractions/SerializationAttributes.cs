namespace Orleans;

// The embedded engine passes payloads by reference and serializes nothing. The attributes below exist so that one source serves both engines.

/// <summary>Asks Orleans for a serializer of the type (Orleans: <c>Orleans.GenerateSerializerAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
public sealed class GenerateSerializerAttribute : Attribute
{
    /// <summary>Whether parameters of a primary constructor are members; the default is yes for records.</summary>
    public bool IncludePrimaryConstructorParameters { get; init; }
}

/// <summary>The number of a member in the serialized form (Orleans: <c>Orleans.IdAttribute</c>).</summary>
/// <param name="id">The number.</param>
[AttributeUsage(
    AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface |
    AttributeTargets.Method)]
public sealed class IdAttribute(uint id) : Attribute
{
    /// <summary>The number.</summary>
    public uint Id { get; } = id;
}

/// <summary>The name of a type or method in the serialized form (Orleans: <c>Orleans.AliasAttribute</c>).</summary>
/// <param name="alias">The name.</param>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Interface | AttributeTargets.Method)]
public sealed class AliasAttribute(string alias) : Attribute
{
    /// <summary>The name.</summary>
    public string Alias { get; } = alias;
}

/// <summary>Promises that nobody changes the value after it was sent, so it needs no copy (Orleans: <c>Orleans.ImmutableAttribute</c>).</summary>
[AttributeUsage(
    AttributeTargets.Struct | AttributeTargets.Class | AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter)]
public sealed class ImmutableAttribute : Attribute;

/// <summary>How long callers of a method wait, instead of the time that all others wait (Orleans: <c>Orleans.ResponseTimeoutAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ResponseTimeoutAttribute : Attribute
{
    /// <summary>A time as text, for example <c>00:00:30</c>.</summary>
    public ResponseTimeoutAttribute(string timeout) => Timeout = TimeSpan.Parse(timeout, null);

    /// <summary>The time.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>The name of a grain class in identities; the default is the class name in lower case without "Grain" (Orleans: <c>Orleans.GrainTypeAttribute</c>).</summary>
/// <param name="grainType">The name.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class GrainTypeAttribute(string grainType) : Attribute
{
    /// <summary>The name.</summary>
    public string GrainType { get; } = grainType;
}

/// <summary>Keeps idle activations (Orleans: <c>Orleans.KeepAliveAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Class)]
public class KeepAliveAttribute : Attribute;

/// <summary>When an idle activation is collected. The embedded engine collects only when told to (Orleans: <c>Orleans.CollectionAgeLimitAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Class)]
public class CollectionAgeLimitAttribute : Attribute
{
    /// <summary>A limit in days, hours and minutes, by the properties.</summary>
    public CollectionAgeLimitAttribute()
    {
    }

    /// <summary>A limit as text, for example <c>00:10:00</c>.</summary>
    public CollectionAgeLimitAttribute(string inactivityPeriod) => _ = TimeSpan.Parse(inactivityPeriod, null);

    /// <summary>Days of idleness.</summary>
    public double Days { get; set; }

    /// <summary>Hours of idleness.</summary>
    public double Hours { get; set; }

    /// <summary>Minutes of idleness.</summary>
    public double Minutes { get; set; }

    /// <summary>Never collected.</summary>
    public bool AlwaysActive { get; set; }
}

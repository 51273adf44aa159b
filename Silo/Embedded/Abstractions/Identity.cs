using System.Net;

namespace Orleans.Runtime;

/// <summary>A key of a grain. Orleans keeps UTF-8 bytes, this engine a string; the text is the same (Orleans: <c>Orleans.Runtime.IdSpan</c>).</summary>
public readonly record struct IdSpan : IComparable<IdSpan>
{
    private readonly string? _value;

    private IdSpan(string value) => _value = value;

    /// <summary>Whether there is no key.</summary>
    public bool IsDefault => string.IsNullOrEmpty(_value);

    /// <summary>Makes a key.</summary>
    public static IdSpan Create(string id) => new(id);

    /// <inheritdoc/>
    public int CompareTo(IdSpan other) => string.CompareOrdinal(_value, other._value);

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}

/// <summary>The name of a grain class (Orleans: <c>Orleans.Runtime.GrainType</c>).</summary>
public readonly record struct GrainType : IComparable<GrainType>
{
    private readonly string? _value;

    private GrainType(string value) => _value = value;

    /// <summary>Whether there is no name.</summary>
    public bool IsDefault => string.IsNullOrEmpty(_value);

    /// <summary>Makes a name.</summary>
    public static GrainType Create(string value) => new(value);

    /// <inheritdoc/>
    public int CompareTo(GrainType other) => string.CompareOrdinal(_value, other._value);

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}

/// <summary>The identity of a grain: the class and the key (Orleans: <c>Orleans.Runtime.GrainId</c>).</summary>
/// <param name="Type">The name of the class.</param>
/// <param name="Key">The key.</param>
public readonly record struct GrainId(GrainType Type, IdSpan Key) : IComparable<GrainId>
{
    /// <summary>Whether this names no grain.</summary>
    public bool IsDefault => Type.IsDefault && Key.IsDefault;

    /// <summary>Makes an identity.</summary>
    public static GrainId Create(string type, string key) => new(GrainType.Create(type), IdSpan.Create(key));

    /// <summary>Makes an identity.</summary>
    public static GrainId Create(GrainType type, string key) => new(type, IdSpan.Create(key));

    /// <summary>A hash that is the same in every run and process, unlike <see cref="object.GetHashCode"/> of strings.</summary>
    public uint GetUniformHashCode()
    {
        // FNV-1a: short, and good enough to spread a few keys over a few silos.
        var hash = 2166136261u;
        foreach (var c in Type.ToString())
        {
            hash = (hash ^ c) * 16777619u;
        }

        hash = (hash ^ '/') * 16777619u;
        foreach (var c in Key.ToString())
        {
            hash = (hash ^ c) * 16777619u;
        }

        return hash;
    }

    /// <inheritdoc/>
    public int CompareTo(GrainId other) => Type.CompareTo(other.Type) is var order && order != 0 ? order : Key.CompareTo(other.Key);

    /// <inheritdoc/>
    public override string ToString() => $"{Type}/{Key}";
}

/// <summary>Names one activation of a grain (Orleans: <c>Orleans.Runtime.ActivationId</c>, there a GUID).</summary>
/// <param name="Number">Counts the activations of a cluster.</param>
public readonly record struct ActivationId(long Number)
{
    /// <inheritdoc/>
    public override string ToString() => $"@{Number}";
}

/// <summary>Where one activation of a grain is (Orleans: <c>Orleans.Runtime.GrainAddress</c>).</summary>
public sealed record GrainAddress
{
    /// <summary>The grain.</summary>
    public GrainId GrainId { get; init; }

    /// <summary>The activation.</summary>
    public ActivationId ActivationId { get; init; }

    /// <summary>The silo.</summary>
    public SiloAddress? SiloAddress { get; init; }
}

/// <summary>Names a silo and its generation: a restarted silo has a new one (Orleans: <c>Orleans.Runtime.SiloAddress</c>).</summary>
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>
{
    private SiloAddress(IPEndPoint endpoint, int generation)
    {
        Endpoint = endpoint;
        Generation = generation;
    }

    /// <summary>Address and port; an in-process silo uses the loopback address and its number, and listens on nothing.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Grows with each restart.</summary>
    public int Generation { get; }

    /// <summary>Makes an address.</summary>
    public static SiloAddress New(IPAddress address, int port, int generation) => new(new IPEndPoint(address, port), generation);

    /// <inheritdoc/>
    public bool Equals(SiloAddress? other) => other is not null && Generation == other.Generation && Endpoint.Equals(other.Endpoint);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SiloAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => Endpoint.GetHashCode() ^ Generation;

    /// <inheritdoc/>
    public int CompareTo(SiloAddress? other)
    {
        var byPort = Endpoint.Port.CompareTo(other?.Endpoint.Port ?? -1);
        return byPort != 0 ? byPort : Generation.CompareTo(other?.Generation ?? -1);
    }

    /// <inheritdoc/>
    public override string ToString() => $"S{Endpoint}:{Generation}";
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hugesim.Telemetry;

/// <summary>Where the parts of a flow are gathered that were recorded in other processes.</summary>
public interface IFlowSource
{
    /// <summary>The spans of a flow in all other processes that have a part of it.</summary>
    /// <param name="traceId">The flow's trace; "" only asks whether all of them record flows.</param>
    /// <exception cref="Silo.ClusterException">One of them records none.</exception>
    ValueTask<IReadOnlyList<RecordedSpan>> GatherAsync(string traceId);
}

/// <summary>What one silo has of a flow, as text: it goes over a channel of the engine that knows no types of this program.</summary>
/// <param name="Silo">The silo.</param>
/// <param name="Spans">Its spans; null if it records no flows.</param>
internal sealed record FlowPart(string Silo, IReadOnlyList<RecordedSpan>? Spans)
{
    /// <summary>What the messages begin with by which silos ask each other for their parts.</summary>
    public const string Messages = "ISiloPartService/";

    // Messages are marked so where they are recorded; routines lie in them.
    private const string SiloTag = "hugesim.silo";

    /// <summary>Its spans, each with the silo that recorded it; null if it records no flows.</summary>
    [JsonIgnore]
    public IEnumerable<RecordedSpan>? SignedSpans => Spans?.Select(
        span => span.Tag(SiloTag) is null ? span with { Tags = [.. span.Tags, KeyValuePair.Create<string, object>(SiloTag, Silo)] } : span);

    public static FlowPart Read(string text)
    {
        var part = JsonSerializer.Deserialize<FlowPart>(text)!;
        return part with { Spans = part.Spans?.Select(span => span with { Tags = [.. span.Tags.Select(tag => KeyValuePair.Create(tag.Key, Plain(tag.Value)))] }).ToArray() };
    }

    public string Write() => JsonSerializer.Serialize(this);

    // Tags are texts, numbers and truth values.
    private static object Plain(object value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Number } number => number.TryGetInt64(out var whole) ? whole : number.GetDouble(),
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        _ => value.ToString()!,
    };
}

using System.Diagnostics;
using System.Globalization;

namespace Hugesim.Telemetry;

/// <summary>A span that has ended, as it is stored, exported and shown.</summary>
/// <param name="TraceId">The trace, 32 hexadecimal digits.</param>
/// <param name="SpanId">The span, 16 hexadecimal digits.</param>
/// <param name="ParentId">The span that it lies in, or null for the root.</param>
/// <param name="Name">Its name: a message (<c>IHstateGrain/Reserve</c>), a kernel routine (<c>region_chg</c>) or a step of a scenario.</param>
/// <param name="Kind">Client, server or internal.</param>
/// <param name="Source">The activity source that made it.</param>
/// <param name="Start">When it began, UTC.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Tags">Its tags in the order in which they were set.</param>
/// <param name="Failed">It is marked as failed.</param>
/// <param name="Cause">Why, if it failed.</param>
public sealed record RecordedSpan(
    string TraceId,
    string SpanId,
    string? ParentId,
    string Name,
    ActivityKind Kind,
    string Source,
    DateTime Start,
    TimeSpan Duration,
    IReadOnlyList<KeyValuePair<string, object>> Tags,
    bool Failed,
    string? Cause)
{
    /// <summary>Copies what there is to know of an activity that has stopped.</summary>
    public static RecordedSpan Of(Activity activity) => new(
        activity.TraceId.ToHexString(),
        activity.SpanId.ToHexString(),
        activity.ParentSpanId == default ? null : activity.ParentSpanId.ToHexString(),
        activity.OperationName,
        activity.Kind,
        activity.Source.Name,
        activity.StartTimeUtc,
        activity.Duration,
        [.. activity.TagObjects.Where(tag => tag.Value is not null).Select(tag => KeyValuePair.Create(tag.Key, tag.Value!))],
        activity.Status == ActivityStatusCode.Error,
        activity.StatusDescription);

    /// <summary>The value of a tag as text, or null.</summary>
    public string? Tag(string name)
    {
        foreach (var (key, value) in Tags)
        {
            if (key == name)
            {
                return Convert.ToString(value, CultureInfo.InvariantCulture);
            }
        }

        return null;
    }
}

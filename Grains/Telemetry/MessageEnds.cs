namespace Hugesim.Telemetry;

/// <summary>Who talks to whom in a message.</summary>
/// <param name="Target">The grain that is called: its context, or what says its id as text.</param>
/// <param name="Silo">The silo, or null.</param>
/// <param name="Caller">The id of the grain that calls, where the message's span lies in no span of this process that says it; else null.</param>
public readonly record struct MessageEnds(object Target, string? Silo, string? Caller)
{
    /// <summary>The tag of the grain that is called.</summary>
    public const string TargetTag = "orleans.rpc.target_id";

    /// <summary>The id of the grain that is called.</summary>
    public string TargetId => Target is IGrainContext context ? context.GrainId.ToString() : Target.ToString()!;

    /// <summary>What a message's span says, by the names of Orleans and OpenTelemetry.</summary>
    /// <param name="method">Interface and method, such as <c>IHstateGrain/Reserve</c>.</param>
    /// <param name="caller">The grain that calls, where a span of this process says it.</param>
    public List<KeyValuePair<string, object>> Tags(string method, object? caller)
    {
        ArgumentNullException.ThrowIfNull(method);
        List<KeyValuePair<string, object>> tags =
        [
            new("rpc.system.name", "orleans"),
            new("orleans.rpc.service", method[..Math.Max(0, method.IndexOf('/', StringComparison.Ordinal))]),
            new("rpc.method", method),
            new(TargetTag, TargetId),
        ];
        if (Silo is not null)
        {
            tags.Add(new("hugesim.silo", Silo));
        }

        if ((Caller ?? caller) is { } from)
        {
            tags.Add(new("orleans.rpc.source_id", from));
        }

        return tags;
    }
}

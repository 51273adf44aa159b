namespace Hugesim.Telemetry;

/// <summary>Writes the grain of <see cref="MessageEnds.Target"/>.</summary>
internal static class TargetText
{
    /// <summary>Writes its id; the engine says it as text.</summary>
    public static void Write(object target, SpanWriter writer) => writer.Text(target.ToString()!);
}

namespace Hugesim.Telemetry;

/// <summary>Writes the grain of <see cref="MessageEnds.Target"/>.</summary>
internal static class TargetText
{
    /// <summary>Writes its id without a text of it: Orleans makes one each time.</summary>
    public static void Write(object target, SpanWriter writer)
    {
        if (target is IGrainContext context)
        {
            writer.Path(context.GrainId.Type.AsSpan(), context.GrainId.Key.AsSpan());
        }
        else
        {
            writer.Text(target.ToString()!);
        }
    }
}

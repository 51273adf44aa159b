namespace Hugesim.Telemetry;

/// <summary>Where <see cref="FrameSpan.Current"/> is kept: asynchronous calls carry it, as Orleans does not say whose code a turn runs.</summary>
internal static class CurrentFrame
{
    private static readonly AsyncLocal<FrameSpan?> s_current = new();

    public static FrameSpan? Get() => s_current.Value;

    public static void Set(FrameSpan? frame) => s_current.Value = frame;
}

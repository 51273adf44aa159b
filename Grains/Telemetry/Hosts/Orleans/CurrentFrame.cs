namespace Hugesim.Telemetry;

/// <summary>Where <see cref="FrameSpan.Current"/> is kept: the turns of grains know it (<see cref="RecordedTurn"/>), and clients carry it with their asynchronous calls.</summary>
internal static class CurrentFrame
{
    private static readonly AsyncLocal<FrameSpan?> s_ofClient = new();

    public static FrameSpan? Get() => RecordedTurn.Current is { } turn ? turn.Frame : s_ofClient.Value;

    public static void Set(FrameSpan? frame) => s_ofClient.Value = frame;
}

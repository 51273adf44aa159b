using Hugesim.Embedded;

namespace Hugesim.Telemetry;

/// <summary>Where <see cref="FrameSpan.Current"/> is kept: the engine knows it in the turns of grains, and clients carry it with their asynchronous calls.</summary>
internal static class CurrentFrame
{
    private static readonly AsyncLocal<FrameSpan?> s_ofClient = new();

    public static FrameSpan? Get() => CallRecorder.RecordOfTurn as MessageSpan ?? s_ofClient.Value;

    public static void Set(FrameSpan? frame) => s_ofClient.Value = frame;
}

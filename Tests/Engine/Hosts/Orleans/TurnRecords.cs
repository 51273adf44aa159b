using System.Diagnostics;
using Hugesim.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Hugesim.Tests.Engine;

/// <summary>Records a call as the messages of flows do.</summary>
internal static class TurnRecords
{
    private static readonly FlowBuffer s_buffer = new(new FlowBufferOptions(100, TimeSpan.Zero), TimeProvider.System, _ => { });

    /// <summary>The record of the call whose code runs now, or null.</summary>
    public static object? Current => FrameSpan.Current;

    /// <summary>The code that runs from here on is that of a call that is recorded, or of one that is not while others are.</summary>
    public static object? Begin(IGrainContext grain, bool isRecorded)
    {
        var record = isRecorded ? s_buffer.BeginStep(isDrawn: false, "call", ActivityKind.Server) : null;
        new RecordedTurn(record, grain.Scheduler).Enter();
        return record;
    }

    /// <summary>Is it the grain's turn?</summary>
    public static bool IsTurnOf(IGrainContext grain) =>
        grain.ActivationServices.GetRequiredService<IGrainContextAccessor>().GrainContext == grain;
}

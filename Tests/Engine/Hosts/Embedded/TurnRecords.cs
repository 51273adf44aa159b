using Hugesim.Embedded;
using Orleans.Runtime;

namespace Hugesim.Tests.Engine;

/// <summary>Records a call as the engine does for who wants to know it.</summary>
internal static class TurnRecords
{
    /// <summary>The record of the call whose code runs now, or null.</summary>
    public static object? Current => CallRecorder.RecordOfTurn;

    /// <summary>The code that runs from here on is that of a call that is recorded, or of one that is not while others are.</summary>
    public static object? Begin(IGrainContext grain, bool isRecorded)
    {
        if (!isRecorded)
        {
            return null;
        }

        var record = new object();
        new RecordedTurn((Activation)grain, record).Enter();
        return record;
    }

    /// <summary>Is it the grain's turn?</summary>
    public static bool IsTurnOf(IGrainContext grain) => Activation.Current == grain;
}

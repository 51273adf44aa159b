namespace Hugesim.Explore;

/// <summary>Runs scenarios under schedules, where the engine can.</summary>
public static class ScheduleRunner
{
    /// <summary>Whether this build can.</summary>
    public static bool IsSupported => false;

    /// <summary>Makes a runner.</summary>
    /// <exception cref="NotSupportedException">Always: on Orleans nobody can say which message is delivered next.</exception>
    public static IScheduleRunner Create(ScenarioProgram program, ExplorationMachine machine, ScheduleNotes notes = ScheduleNotes.None) =>
        throw new NotSupportedException("schedules are explored on the embedded engine: build with -p:GrainEngine=Embedded");
}

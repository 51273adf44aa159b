namespace Hugesim.Explore;

/// <summary>Runs scenarios under schedules, where the engine can.</summary>
public static class ScheduleRunner
{
    /// <summary>Whether this build can.</summary>
    public static bool IsSupported => true;

    /// <summary>Makes a runner.</summary>
    /// <param name="program">The scenario.</param>
    /// <param name="machine">What it runs on.</param>
    /// <param name="notes">What to note besides the outcome, which takes its time.</param>
    public static IScheduleRunner Create(ScenarioProgram program, ExplorationMachine machine, ScheduleNotes notes = ScheduleNotes.None) =>
        new EmbeddedScheduleRunner(program, machine, notes);
}

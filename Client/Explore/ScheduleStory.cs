namespace Hugesim.Explore;

/// <summary>One delivery of a schedule.</summary>
/// <param name="Step">Counts the deliveries of the blocks from 0.</param>
/// <param name="Thread">Whose doing it is: a process, or <c>machine</c>.</param>
/// <param name="Source">The grain or process that sent it.</param>
/// <param name="Target">The grain or process that gets it.</param>
/// <param name="Method">The call, also for its answer.</param>
/// <param name="IsAnswer">Whether it is the answer.</param>
/// <param name="Counters">The pool after it: nr, free, resv and surplus.</param>
/// <param name="IsSwitch">Whether the schedule leaves the usual order here.</param>
public sealed record StoryDelivery(
    int Step, string Thread, string Source, string Target, string Method, bool IsAnswer, string Counters, bool IsSwitch);

/// <summary>A line of the scenario was answered.</summary>
/// <param name="Before">The deliveries that came before it.</param>
/// <param name="Line">The line.</param>
/// <param name="Command">The command.</param>
/// <param name="Answer">The answer.</param>
public sealed record StoryAnswer(int Before, int Line, string Command, string Answer);

/// <summary>What happened in a schedule, delivery by delivery.</summary>
/// <param name="Deliveries">The deliveries of its blocks.</param>
/// <param name="Answers">The answers, in the order in which they came.</param>
public sealed record ScheduleStory(IReadOnlyList<StoryDelivery> Deliveries, IReadOnlyList<StoryAnswer> Answers);

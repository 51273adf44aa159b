using Hugesim.Explore;

namespace Hugesim.Tests.Explore;

/// <summary>
/// Threads that send messages to places, one after the other: the next message of a thread is sent when the one before has been delivered. A place notes who came; the
/// result of a schedule is what the places noted.
/// </summary>
/// <param name="threads">The places that each thread visits, in order.</param>
internal sealed class ToyProgram(params int[][] threads)
{
    /// <summary>Runs the next schedule; null if it was abandoned.</summary>
    public string? Run(IScheduleStrategy strategy, List<ContextSwitch>? switches = null)
    {
        var at = new int[threads.Length];
        var sentBy = Enumerable.Repeat(-1L, threads.Length).ToArray();
        var notes = new Dictionary<int, string>();
        strategy.BeginBlock();
        var last = -1;
        for (var step = 0; ; step++)
        {
            var ready = Enumerable.Range(0, threads.Length).Where(t => at[t] < threads[t].Length)
                .Select(t => new ReadyDelivery(t * 1000 + at[t], threads[t][at[t]], t, sentBy[t], t)).ToArray();
            if (ready.Length == 0)
            {
                strategy.End();
                return string.Join(' ', notes.OrderBy(n => n.Key).Select(n => $"{n.Key}={n.Value}"));
            }

            int chosen;
            var usual = UsualOrder.Choose(ready, last);
            try
            {
                chosen = strategy.Choose(ready, usual);
            }
            catch (ScheduleAbandonedException)
            {
                strategy.End();
                return null;
            }

            var thread = last = ready[chosen].Flow;
            if (chosen != usual)
            {
                switches?.Add(new ContextSwitch(step, thread, 0));
            }

            notes[ready[chosen].Target] = notes.GetValueOrDefault(ready[chosen].Target) + (char)('a' + thread);
            sentBy[thread] = step;
            at[thread]++;
        }
    }

    /// <summary>Runs all schedules that the strategy has.</summary>
    public (long Schedules, HashSet<string> Results) RunAll(IScheduleStrategy strategy)
    {
        var (schedules, results) = (0L, new HashSet<string>());
        while (strategy.TryBegin())
        {
            if (Run(strategy) is { } result)
            {
                schedules++;
                results.Add(result);
            }
        }

        return (schedules, results);
    }
}

using System.Diagnostics;
using Hugesim.Load;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Load;

/// <summary>What a worker of a load takes from the others.</summary>
public sealed class LoadWorkerTests
{
    private const string Workload = "pool 10\nprocess p rest\n  start\n    mmap m 1 private\n";

    [Fact]
    public async Task Worker_WhoseOnlyBirthHasNoParent_TakesNoCallAndEndsWhenOthersHaveBegunAll()
    {
        var state = new LoadState((await TestLoad.OptionsAsync(Workload)) with { Processes = 1 });
        state.BeginWork(state.Options.Duration, calls: 1, pacer: null);
        // As it cannot be, nobody looks at its machine.
        state.Workers[0].Post(new Birth(null!, state.Options.Profile.Kinds[0], 0, 1, 1, new Seat()));
        var run = Task.Run(state.Workers[0].RunAsync, TestContext.Current.CancellationToken);

        // Were it to take the only call for a moment, who looks just then would end, and the call would be nobody's.
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < TimeSpan.FromMilliseconds(200);)
        {
            state.HasBegunAll.ShouldBeFalse();
        }

        state.MayBegin().ShouldBeTrue();
        await run.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }
}

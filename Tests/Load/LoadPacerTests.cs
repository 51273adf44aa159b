using Hugesim.Load;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Load;

/// <summary>When the workers of an open loop go on.</summary>
public sealed class LoadPacerTests
{
    private const string Workload = "pool 10\nprocess p rest\n  start\n    mmap m 1 private\n";
    private const long MillisecondNanoseconds = 1_000_000;
    private const long HourNanoseconds = 3_600_000 * MillisecondNanoseconds;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Waiters_InAnyOrder_GoOnWhenTheyAreDueAndNotBefore()
    {
        var state = await StateAsync();
        using var pacer = new LoadPacer(state);
        var start = state.Nanoseconds;
        // Those that come later are due before who waits already, after, and at the same time.
        var waiters = Enumerable.Range(0, 200).Select(async number =>
        {
            var due = start + (number * 37 % 100 * MillisecondNanoseconds / 2);
            await pacer.WaitUntilAsync(due);
            return state.Nanoseconds - due;
        }).ToArray();

        var lateNanoseconds = await Task.WhenAll(waiters).WaitAsync(s_patience, TestContext.Current.CancellationToken);

        lateNanoseconds.ShouldAllBe(time => time >= 0);
    }

    [Fact]
    public async Task Waiter_ThatIsDueBeforeAllOthers_DoesNotWaitForThem()
    {
        var state = await StateAsync();
        using var pacer = new LoadPacer(state);
        var last = pacer.WaitUntilAsync(HourNanoseconds);

        await pacer.WaitUntilAsync(state.Nanoseconds + (5 * MillisecondNanoseconds)).WaitAsync(s_patience, TestContext.Current.CancellationToken);

        last.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Waiters_OfARunThatIsStopped_GoOnAndNobodyWaitsAfterThem()
    {
        var state = await StateAsync();
        using var pacer = new LoadPacer(state);
        var waiter = pacer.WaitUntilAsync(HourNanoseconds);

        state.Stop();

        await waiter.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        pacer.WaitUntilAsync(HourNanoseconds).IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task Waiters_OfAPacerThatEnds_GoOn()
    {
        var state = await StateAsync();
        Task waiter;
        using (var pacer = new LoadPacer(state))
        {
            waiter = pacer.WaitUntilAsync(HourNanoseconds);
        }

        await waiter.WaitAsync(s_patience, TestContext.Current.CancellationToken);
    }

    private static async Task<LoadState> StateAsync() => new(await TestLoad.OptionsAsync(Workload));
}

using Hugesim.Abstractions;
using Hugesim.Grains;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>What a caller outside of the silos repeats.</summary>
public sealed class RepeatedCallsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_ConnectionRefusesItOnce_IsMadeAgainUnderTheSameName(bool hasAnswer)
    {
        var lane = new RepeatedCalls(TimeProvider.System, new RefusingConnection()).NewLane();
        var names = new List<Operation>();

        async ValueTask<int> Call(Operation operation)
        {
            names.Add(operation);
            await Task.Yield();
            return names.Count == 1 ? throw new IOException("the gateway has gone") : 7;
        }

        if (hasAnswer)
        {
            (await lane.Once(0, 0, (_, _, operation) => Call(operation))).ShouldBe(7);
        }
        else
        {
            await lane.Once(0, 0, async ValueTask (_, _, operation) => await Call(operation));
        }

        names.Count.ShouldBe(2);
        names[1].ShouldBe(names[0]);
    }

    [Fact]
    public async Task Call_ItselfFails_IsNotMadeAgain()
    {
        var lane = new RepeatedCalls(TimeProvider.System, new RefusingConnection()).NewLane();
        var calls = 0;

        await Should.ThrowAsync<InvalidOperationException>(() => lane.Once(0, 0, async ValueTask<int> (_, _, _) =>
        {
            calls++;
            await Task.Yield();
            throw new InvalidOperationException("a mistake");
        }).AsTask());

        calls.ShouldBe(1);
    }

    [Theory]
    [InlineData(false, 40)]
    [InlineData(true, 240)]
    public async Task Call_GivenUpBelow_IsNotMadeAgainAbove(bool timesOut, int attempts)
    {
        var calls = new RepeatedCalls(new HastyClock());
        var (above, below, sent) = (calls.NewLane(), calls.NewLane(), 0);

        async ValueTask<int> Send()
        {
            sent++;
            await Task.Yield();
            throw timesOut ? new TimeoutException("nobody answers") : new SiloUnavailableException("the silo has crashed");
        }

        var failure = await Should.ThrowAsync<CallGivenUpException>(() => calls.Ask(0, 0, async (_, _) => await
            above.Once(0, 0, async (_, _, _) => await below.Once(0, 0, (_, _, _) => Send()))).AsTask());

        sent.ShouldBe(attempts);
        failure.Message.ShouldContain($"{attempts} attempts");
        failure.Message.ShouldContain(timesOut ? "nobody answers" : "the silo has crashed");
    }

    /// <summary>Its pauses are over at once.</summary>
    private sealed class HastyClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }

    private sealed class RefusingConnection : ISiloConnection
    {
        public Task NextLoss { get; } = new TaskCompletionSource().Task;

        public bool IsRefusal(Exception failure) => failure is IOException;
    }
}

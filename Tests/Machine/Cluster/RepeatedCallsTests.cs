using Hugesim.Abstractions;
using Hugesim.Grains;
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

    private sealed class RefusingConnection : ISiloConnection
    {
        public Task NextLoss { get; } = new TaskCompletionSource().Task;

        public bool IsRefusal(Exception failure) => failure is IOException;
    }
}

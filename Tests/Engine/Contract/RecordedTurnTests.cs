using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

/// <summary>Calls that interleave on one grain, and tell whose code the engine says runs.</summary>
public interface IRecorded : IGrainWithStringKey
{
    /// <summary>Awaits a bit of everything; the answer is after which of it the record was not the call's own, or the code not in a turn of its grain.</summary>
    ValueTask<string> AwaitAll(bool isRecorded, string gate, IRecorded other);

    ValueTask<bool> HasRecord();
}

[Reentrant]
public sealed class RecordedGrain : Grain, IRecorded
{
    // Awaited by the first call, and set in the middle of the second.
    private readonly TaskCompletionSource _second = new();
    private Task? _shared;
    private int _calls;

    public async ValueTask<string> AwaitAll(bool isRecorded, string gate, IRecorded other)
    {
        var wrong = new List<string>();
        TurnRecords.Current.ShouldBeNull();
        var record = TurnRecords.Begin(GrainContext, isRecorded);
        Check("the begin");
        var isFirst = _calls++ == 0;
        await Task.Delay(1);
        Check("a pause");
        await Task.Yield();
        Check("a yield");
        (await other.HasRecord()).ShouldBeFalse();
        Check("a call");
        await Inner(other);
        Check("a method that calls");
        await (_shared ??= Inner(other));
        Check("a task that both calls await");
        Gate.Open(gate + (isFirst ? ".first" : ".second"));
        await Gate.Opened(gate + (isFirst ? ".second" : ".first"));
        Check("a gate");
        if (isFirst)
        {
            await _second.Task;
        }
        else
        {
            _second.SetResult();
        }

        Check("the other call's middle");
        await Task.WhenAll(other.HasRecord().AsTask(), Task.Delay(1), other.HasRecord().AsTask());
        Check("several at once");
        return string.Join(", ", wrong);

        void Check(string after)
        {
            if (TurnRecords.Current != record || !TurnRecords.IsTurnOf(GrainContext))
            {
                wrong.Add(after);
            }
        }
    }

    public ValueTask<bool> HasRecord() => new(TurnRecords.Current is not null);

    private static async Task Inner(IRecorded other)
    {
        await other.HasRecord();
        await Task.Yield();
    }
}

/// <summary>The engine knows whose code it runs, whatever that has awaited.</summary>
public sealed class RecordedTurnTests(EngineFixture engine)
{
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Code_AfterAnyAwait_IsOfItsOwnCall(bool isFirstRecorded, bool isSecondRecorded)
    {
        var (grain, other, gate) = (engine.New<IRecorded>(), engine.New<IRecorded>(), Guid.NewGuid().ToString("N"));
        var first = grain.AwaitAll(isFirstRecorded, gate, other).AsTask();
        var second = grain.AwaitAll(isSecondRecorded, gate, other).AsTask();

        (await first).ShouldBe("");
        (await second).ShouldBe("");
        (await grain.HasRecord()).ShouldBeFalse();
    }
}

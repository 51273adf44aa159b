using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;
using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>
/// Calls that go to an hstate as one message. Each caller awaits its own answer at this object, by the number of its call: all that a call takes is its
/// place in the two arrays.
/// </summary>
internal sealed class HstateBatch : IValueTaskSource<Answer<Errno>>, IValueTaskSource<Answer<long>>, IValueTaskSource
{
    /// <summary>The number of the call that begins a batch, and whose caller sends it.</summary>
    public const short Sender = 0;

    /// <summary>Places of the smallest batch.</summary>
    public const int FewestCalls = 8;

    /// <summary>Places of the largest: its message takes no longer than some hundred microseconds, so that nobody else waits long for the hstate.</summary>
    public const int MostCalls = 512;

    private readonly HstateCall[] _calls;

    // A grain goes on in a turn of its own. A client without such a place goes on in the sender's, up to its next call, which enters the next batch.
    private readonly ManualResetValueTaskSourceCore<HstateCallAnswer>[] _answers;
    private int _count;
    private HstateCallAnswer _answerOfSender;
    private ExceptionDispatchInfo? _failure;

    public HstateBatch(int capacity) => (_calls, _answers) = (new HstateCall[capacity], new ManualResetValueTaskSourceCore<HstateCallAnswer>[capacity]);

    public bool IsFull => _count == _calls.Length;

    /// <summary>Would half of the places have been more than enough?</summary>
    public bool IsSmall => _count <= _calls.Length / 4;

    /// <summary>Takes a place; to be called by one at a time.</summary>
    public short Add(in HstateCall call)
    {
        _calls[_count] = call;
        return (short)_count++;
    }

    /// <summary>All calls, in their order.</summary>
    public CombinedCalls Take() => new(_calls.AsMemory(0, _count));

    /// <summary>The sender's wait for its turn to send.</summary>
    public ValueTask TurnAsync() => new(this, Sender);

    /// <summary>It is the sender's turn.</summary>
    public void ReleaseSender() => _answers[Sender].SetResult(default);

    /// <summary>Hands out the answers; the sender asks for its own.</summary>
    public void Answer(HstateCallAnswer[] answers)
    {
        if (answers.Length != _count)
        {
            throw new InvalidOperationException($"the hstate answered {answers.Length} of {_count} calls");
        }

        _answerOfSender = answers[Sender];
        for (var i = Sender + 1; i < answers.Length; i++)
        {
            _answers[i].SetResult(answers[i]);
        }
    }

    /// <summary>None of the calls is answered.</summary>
    public void Fail(Exception failure)
    {
        _failure = ExceptionDispatchInfo.Capture(failure);
        for (var i = Sender + 1; i < _count; i++)
        {
            _answers[i].SetException(failure);
        }
    }

    public Answer<Errno> ErrnoOf(short number)
    {
        var answer = AnswerOf(number);
        return new((Errno)answer.Number, answer.Epoch);
    }

    public Answer<long> NumberOf(short number)
    {
        var answer = AnswerOf(number);
        return new(answer.Number, answer.Epoch);
    }

    Answer<Errno> IValueTaskSource<Answer<Errno>>.GetResult(short token) => ErrnoOf(token);

    Answer<long> IValueTaskSource<Answer<long>>.GetResult(short token) => NumberOf(token);

    void IValueTaskSource.GetResult(short token) => _answers[token].GetResult(_answers[token].Version);

    ValueTaskSourceStatus IValueTaskSource<Answer<Errno>>.GetStatus(short token) => StatusOf(token);

    ValueTaskSourceStatus IValueTaskSource<Answer<long>>.GetStatus(short token) => StatusOf(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => StatusOf(token);

    void IValueTaskSource<Answer<Errno>>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        OnCompleted(continuation, state, token, flags);

    void IValueTaskSource<Answer<long>>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        OnCompleted(continuation, state, token, flags);

    private HstateCallAnswer AnswerOf(short number)
    {
        if (number == Sender)
        {
            _failure?.Throw();
        }

        var answer = number == Sender ? _answerOfSender : _answers[number].GetResult(_answers[number].Version);
        return answer.Refusal is { } refusal ? throw new InvalidOperationException(refusal) : answer;
    }

    private ValueTaskSourceStatus StatusOf(short number) => _answers[number].GetStatus(_answers[number].Version);

    private void OnCompleted(Action<object?> continuation, object? state, short number, ValueTaskSourceOnCompletedFlags flags) =>
        _answers[number].OnCompleted(continuation, state, _answers[number].Version, flags);
}

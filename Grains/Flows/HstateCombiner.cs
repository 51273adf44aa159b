using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;
using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>A silo that has this service sends what its grains ask of one hstate together: <see cref="HstateCombiner"/>.</summary>
public sealed class HstateCombining;

/// <summary>
/// Sends what callers of one silo ask of one hstate together: while a message is under way, calls queue up, and the next message takes all of them in their
/// order. Each caller gets its own answer, exactly what a message of its own would have brought at that place in the order.
/// </summary>
/// <remarks>
/// Whoever comes first sends, in its own turn, and when it has its answers it hands that task to the first that has queued up meanwhile (flat combining, Hendler,
/// Incze, Shavit, Tzafrir 2010). So no code runs outside of a caller's turn, and a sender is never gone before its message is answered: its own call is in it.
/// </remarks>
/// <param name="hstate">The hstate.</param>
public sealed class HstateCombiner(IHstateGrain hstate)
{
    // A message takes no longer than some hundred microseconds then, so that nobody else waits long for the hstate.
    private const int MostCalls = 512;

    private readonly Lock _gate = new();
    private readonly Queue<Waiting> _queue = new();
    private bool _isSending;

    /// <summary><see cref="IHstateGrain.Reserve"/>.</summary>
    public ValueTask<Answer<Errno>> Reserve(ReserveRequest request, Operation operation) => ErrnoOf(Call(new HstateCall(operation, Reserve: request)));

    /// <summary><see cref="IHstateGrain.Unreserve"/>.</summary>
    public ValueTask<Answer<Errno>> Unreserve(UnreserveRequest request, Operation operation) => ErrnoOf(Call(new HstateCall(operation, Unreserve: request)));

    /// <summary><see cref="IHstateGrain.FreeHugePages"/>.</summary>
    public ValueTask<Answer<Errno>> FreeHugePages(FreedPage[] pages, Operation operation) => ErrnoOf(Call(new HstateCall(operation, Free: pages)));

    /// <summary><see cref="IHstateGrain.AllocHugePage"/>.</summary>
    public async ValueTask<Answer<long>> AllocHugePage(AllocRequest request, Operation operation)
    {
        var answer = await Call(new HstateCall(operation, Alloc: request));
        return new Answer<long>(answer.Number, answer.Epoch);
    }

    private static async ValueTask<Answer<Errno>> ErrnoOf(ValueTask<HstateCallAnswer> call)
    {
        var answer = await call;
        return new Answer<Errno>((Errno)answer.Number, answer.Epoch);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<HstateCallAnswer> Call(HstateCall call)
    {
        var waiting = new Waiting(call);
        if (Enter(waiting) || await waiting.TurnAsync() == Turn.Sends)
        {
            await SendAsync();
        }

        return waiting.Answer();
    }

    // True for the one that is to send.
    private bool Enter(Waiting waiting)
    {
        lock (_gate)
        {
            _queue.Enqueue(waiting);
            var sends = !_isSending;
            _isSending = true;
            return sends;
        }
    }

    private async ValueTask SendAsync()
    {
        var batch = Take();
        try
        {
            var answers = await hstate.Combined(Array.ConvertAll(batch, waiting => waiting.Call));
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i].Set(answers[i], null);
            }
        }
        catch (Exception failure)
        {
            // The message is lost, or the hstate is: everyone in it decides by itself whether to ask again, under the same name.
            Array.ForEach(batch, waiting => waiting.Set(default, failure));
        }

        // The next sender last: those that go on before it may have their next call in its message.
        for (var i = 1; i < batch.Length; i++)
        {
            batch[i].Release(Turn.HasAnswer);
        }

        Next()?.Release(Turn.Sends);
    }

    // The sender is the first of them.
    private Waiting[] Take()
    {
        lock (_gate)
        {
            if (_queue.Count <= MostCalls)
            {
                var all = _queue.ToArray();
                _queue.Clear();
                return all;
            }

            var some = new Waiting[MostCalls];
            for (var i = 0; i < some.Length; i++)
            {
                some[i] = _queue.Dequeue();
            }

            return some;
        }
    }

    private Waiting? Next()
    {
        lock (_gate)
        {
            _isSending = _queue.TryPeek(out var next);
            return next;
        }
    }

    private enum Turn
    {
        HasAnswer,
        Sends,
    }

    /// <summary>A call that waits for its answer, or to be the next to send.</summary>
    private sealed class Waiting(HstateCall call) : IValueTaskSource<Turn>
    {
        // A grain goes on in a turn of its own. A client without such a place goes on in the sender's, up to its next call, which queues up for the next message.
        private ManualResetValueTaskSourceCore<Turn> _source;
        private HstateCallAnswer _answer;
        private Exception? _failure;

        public HstateCall Call { get; } = call;

        public ValueTask<Turn> TurnAsync() => new(this, _source.Version);

        public void Set(HstateCallAnswer answer, Exception? failure) => (_answer, _failure) = (answer, failure);

        public void Release(Turn turn) => _source.SetResult(turn);

        /// <summary>The answer, which is there.</summary>
        public HstateCallAnswer Answer() =>
            _failure is not null ? throw Again(_failure)
            : _answer.Refusal is { } refusal ? throw new InvalidOperationException(refusal)
            : _answer;

        private static Exception Again(Exception failure)
        {
            ExceptionDispatchInfo.Throw(failure);
            return failure;
        }

        Turn IValueTaskSource<Turn>.GetResult(short token) => _source.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource<Turn>.GetStatus(short token) => _source.GetStatus(token);

        void IValueTaskSource<Turn>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);
    }
}

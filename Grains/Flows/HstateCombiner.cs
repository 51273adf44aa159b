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
/// Whoever begins a batch sends it, in its own turn, when the batch before it is answered (flat combining, Hendler, Incze, Shavit, Tzafrir 2010). So no code
/// runs outside of a caller's turn, and a sender is never gone before its message is answered: its own call is in it.
/// </remarks>
/// <param name="hstate">The hstate.</param>
public sealed class HstateCombiner(IHstateGrain hstate)
{
    private readonly Lock _gate = new();

    // The batches that wait, in their order; only the last may still take calls.
    private readonly Queue<HstateBatch> _waiting = new();
    private HstateBatch? _open;
    private int _capacity = HstateBatch.FewestCalls;
    private bool _isSending;

    /// <summary><see cref="IHstateGrain.Reserve"/>.</summary>
    public ValueTask<Answer<Errno>> Reserve(ReserveRequest request, Operation operation) => Errno(new HstateCall(operation, Reserve: request));

    /// <summary><see cref="IHstateGrain.Unreserve"/>.</summary>
    public ValueTask<Answer<Errno>> Unreserve(UnreserveRequest request, Operation operation) => Errno(new HstateCall(operation, Unreserve: request));

    /// <summary><see cref="IHstateGrain.FreeHugePages"/>.</summary>
    public ValueTask<Answer<Errno>> FreeHugePages(FreedPage[] pages, Operation operation) => Errno(new HstateCall(operation, Free: pages));

    /// <summary><see cref="IHstateGrain.AllocHugePage"/>.</summary>
    public ValueTask<Answer<long>> AllocHugePage(AllocRequest request, Operation operation)
    {
        var place = Enter(new HstateCall(operation, Alloc: request));
        return place.Begins ? Send(place) : new(place.Batch, place.Number);

        async ValueTask<Answer<long>> Send(Place first)
        {
            await SendAsync(first);
            return first.Batch.NumberOf(HstateBatch.Sender);
        }
    }

    // A caller that does not send waits for its answer itself: nothing else runs, and nothing is allocated, for its call.
    private ValueTask<Answer<Errno>> Errno(in HstateCall call)
    {
        var place = Enter(call);
        return place.Begins ? Send(place) : new(place.Batch, place.Number);

        async ValueTask<Answer<Errno>> Send(Place first)
        {
            await SendAsync(first);
            return first.Batch.ErrnoOf(HstateBatch.Sender);
        }
    }

    private Place Enter(in HstateCall call)
    {
        lock (_gate)
        {
            if (_open is { } open)
            {
                var number = open.Add(call);
                if (open.IsFull)
                {
                    // Many callers: the next one takes more at once.
                    _open = null;
                    _capacity = Math.Min(_capacity * 2, HstateBatch.MostCalls);
                }

                return new Place(open, number, Begins: false, Waits: false);
            }

            var batch = new HstateBatch(_capacity);
            batch.Add(call);
            var waits = _isSending;
            if (waits)
            {
                _waiting.Enqueue(batch);
                _open = batch;
            }

            _isSending = true;
            return new Place(batch, HstateBatch.Sender, Begins: true, waits);
        }
    }

    private async ValueTask SendAsync(Place first)
    {
        var batch = first.Batch;
        if (first.Waits)
        {
            await batch.TurnAsync();
        }

        try
        {
            // Nobody enters it any more: it was closed when its turn came.
            batch.Answer((await hstate.Combined(batch.Take())).Answers);
        }
        catch (Exception failure)
        {
            // The message is lost, or the hstate is: everyone in it decides by itself whether to ask again, under the same name.
            batch.Fail(failure);
        }

        // The next sender last: those that go on before it may have their next call in its message.
        Next()?.ReleaseSender();
    }

    private HstateBatch? Next()
    {
        lock (_gate)
        {
            _isSending = _waiting.TryDequeue(out var next);
            if (next is not null && ReferenceEquals(next, _open))
            {
                _open = null;
                _capacity = next.IsSmall ? Math.Max(_capacity / 2, HstateBatch.FewestCalls) : _capacity;
            }

            return next;
        }
    }

    // Where a call stands: in which batch, as which of its calls, whether it is the one that sends it, and whether another batch is under way.
    private readonly record struct Place(HstateBatch Batch, short Number, bool Begins, bool Waits);
}

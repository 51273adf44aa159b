using System.Diagnostics;
using Tags = Hugesim.Telemetry.KernelTracing.Tags;

namespace Hugesim.Telemetry;

/// <summary>
/// A span under way: one of .NET where the flow is sent for sure, a <see cref="CompactSpan"/> where it is sent only if it fails, or nothing while nobody listens. Dispose it
/// at its end.
/// </summary>
public readonly struct FlowSpan : IDisposable
{
    private readonly object? _span;

    /// <summary>One of .NET, or nothing.</summary>
    public FlowSpan(Activity? span) => _span = span;

    /// <summary>A compact one.</summary>
    /// <param name="span">The span.</param>
    /// <param name="isLeaf">Nothing begins inside it, so it never becomes the current one.</param>
    public FlowSpan(CompactSpan span, bool isLeaf)
    {
        _span = span;
        if (!isLeaf)
        {
            CompactSpan.Current = span;
        }
    }

    /// <summary>Is anything recorded?</summary>
    public bool IsRecorded => _span is not null;

    /// <summary>The span, if it is one of .NET.</summary>
    public Activity? Activity => _span as Activity;

    /// <summary>The span, if it is a compact one.</summary>
    public CompactSpan? Compact => _span as CompactSpan;

    /// <summary>Adds a number; nothing, not even a boxed number, while nobody listens.</summary>
    public FlowSpan With(string tag, long value)
    {
        if (_span is CompactSpan compact)
        {
            compact.Add(tag, value);
        }
        else if (_span is not null)
        {
            ((Activity)_span).SetTag(tag, value);
        }

        return this;
    }

    /// <summary>So many numbers will be added: room is made for them at once.</summary>
    public FlowSpan Expecting(int numbers)
    {
        Compact?.Expect(numbers);
        return this;
    }

    /// <summary>Adds a range of a reserve map or file.</summary>
    public FlowSpan WithRange(long from, long to) => With(Tags.From, from).With(Tags.To, to);

    /// <summary>Adds something that is no number.</summary>
    public FlowSpan With(string tag, object? value)
    {
        if (_span is CompactSpan compact)
        {
            compact.Add(tag, value);
        }
        else if (_span is not null)
        {
            ((Activity)_span).SetTag(tag, value);
        }

        return this;
    }

    /// <summary>Marks it as failed, with the reason that a person can act on.</summary>
    /// <param name="error">The errno or signal, such as <c>ENOMEM</c>.</param>
    /// <param name="cause">Why, with the numbers that decided.</param>
    public void Fail(string error, string cause)
    {
        Fail(cause);
        With(Tags.Error, (object)error).With(Tags.Cause, (object)cause);
    }

    /// <summary>Marks it as failed by an exception.</summary>
    public void Fail(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        Fail(failure.Message);
        With("exception.type", failure.GetType().FullName).With("exception.message", (object)failure.Message);
    }

    /// <summary>Marks it as failed.</summary>
    public void Fail(string cause)
    {
        if (_span is CompactSpan compact)
        {
            compact.Fail(cause);
        }
        else if (_span is not null)
        {
            ((Activity)_span).SetStatus(ActivityStatusCode.Error, cause);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_span is CompactSpan compact)
        {
            // The current span stays what it is until the async method ends that began this one, and with it what flows with that method.
            compact.End();
        }
        else if (_span is not null)
        {
            ((Activity)_span).Dispose();
        }
    }
}

using System.Diagnostics;
using Tags = Hugesim.Telemetry.KernelTracing.Tags;

namespace Hugesim.Telemetry;

/// <summary>
/// A span under way: a <see cref="CompactSpan"/> where all flows of the process are recorded, one of .NET where a single flow is looked at, or nothing while nobody listens. Dispose
/// it at its end.
/// </summary>
public readonly struct FlowSpan : IDisposable
{
    private readonly CompactSpan? _compact;
    private readonly Activity? _activity;

    /// <summary>One of .NET, or nothing.</summary>
    public FlowSpan(Activity? span) => _activity = span;

    /// <summary>A compact one.</summary>
    public FlowSpan(CompactSpan span) => _compact = span;

    /// <summary>Is anything recorded?</summary>
    public bool IsRecorded => _compact is not null || _activity is not null;

    /// <summary>The span, if it is one of .NET.</summary>
    public Activity? Activity => _activity;

    /// <summary>The span, if it is a compact one of a caller or message.</summary>
    internal FrameSpan? Frame => _compact as FrameSpan;

    /// <summary>Adds a number; nothing, not even a boxed number, while nobody listens.</summary>
    public FlowSpan With(string tag, long value)
    {
        if (_compact is not null)
        {
            _compact.Add(tag, value);
        }
        else
        {
            _activity?.SetTag(tag, value);
        }

        return this;
    }

    /// <summary>Adds four numbers that are always set together.</summary>
    public FlowSpan With(FourTags tags, long first, long second, long third, long fourth)
    {
        if (_compact is not null)
        {
            _compact.Add(tags, first, second, third, fourth);
        }
        else
        {
            _activity?.SetTag(tags.First, first).SetTag(tags.Second, second).SetTag(tags.Third, third).SetTag(tags.Fourth, fourth);
        }

        return this;
    }

    /// <summary>Adds a range of a reserve map or file.</summary>
    public FlowSpan WithRange(long from, long to) => With(Tags.From, from).With(Tags.To, to);

    /// <summary>Adds something that is no number.</summary>
    public FlowSpan With(string tag, object? value)
    {
        if (_compact is not null)
        {
            _compact.Add(tag, value);
        }
        else
        {
            _activity?.SetTag(tag, value);
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
        if (_compact is not null)
        {
            _compact.Fail(cause);
        }
        else
        {
            _activity?.SetStatus(ActivityStatusCode.Error, cause);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_compact is not null)
        {
            _compact.End();
        }
        else
        {
            _activity?.Dispose();
        }
    }
}

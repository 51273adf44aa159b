using System.Diagnostics;
using Hugesim.Embedded.CodeGeneration;

namespace Hugesim.Embedded;

/// <summary>
/// A span for each message, under the source and with the tags of Orleans (<c>AddActivityPropagation</c>), so that what reads traces need not
/// know the engine. While nobody listens, a call costs one look at a field.
/// </summary>
internal static class CallTracing
{
    private static readonly ActivitySource Source = new("Microsoft.Orleans.Application", "1.1.0");

    /// <summary>The caller's span travels with the request.</summary>
    public static void OnSend(GrainRequest request)
    {
        if (Source.HasListeners())
        {
            request.Span = CallRecorder.Current?.OnSend() ?? Activity.Current;
        }
    }

    /// <summary>The call begins: its span is the current one until the turn ends.</summary>
    public static void OnStart(GrainRequest request, Activation host)
    {
        var parent = request.Span;
        if (!Source.HasListeners())
        {
            if (parent is not null)
            {
                // The listener has gone while the request was on its way.
                request.Span = null;
            }

            return;
        }

        var name = request.SpanName;
        if (parent is not Activity && CallRecorder.Current?.OnStart(parent, name, host.TraceName, host.Silo.Name) is { } record)
        {
            request.Span = record;
            new RecordedTurn(host, record).Enter();
            return;
        }

        var span = Source.StartActivity(name, ActivityKind.Server, (parent as Activity)?.Context ?? default);
        request.Span = span;
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        span.SetTag("rpc.system.name", "orleans").SetTag("orleans.rpc.service", name[..name.IndexOf('/', StringComparison.Ordinal)]).SetTag("rpc.method", name);
        span.SetTag("orleans.rpc.target_id", host.TraceName);
        span.SetTag("hugesim.silo", host.Silo.Name);
        if ((request.Caller as Activation)?.TraceName is { } from)
        {
            span.SetTag("orleans.rpc.source_id", from);
        }
    }

    /// <summary>The call has ended.</summary>
    public static void OnEnd(GrainRequest request, Exception? failure)
    {
        if (request.Span is not { } recorded)
        {
            return;
        }

        request.Span = null;
        if (recorded is not Activity span)
        {
            CallRecorder.Current?.OnEnd(recorded, failure);
            return;
        }

        if (failure is not null)
        {
            span.SetStatus(ActivityStatusCode.Error, failure.Message);
            span.SetTag("exception.type", failure.GetType().FullName).SetTag("exception.message", failure.Message);
        }

        span.Stop();
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Hugesim.Embedded.CodeGeneration;

namespace Hugesim.Embedded;

/// <summary>
/// A span for each message, under the source and with the tags of Orleans (<c>AddActivityPropagation</c>), so that what reads traces need not
/// know the engine. While nobody listens, a call costs one look at a field.
/// </summary>
internal static class CallTracing
{
    private static readonly ActivitySource Source = new("Microsoft.Orleans.Application", "1.1.0");

    // A method's name is one object for all calls.
    private static readonly ConcurrentDictionary<string, Names> NamesOf = new(new SameObject());

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

        var names = NamesOf.GetOrAdd(request.MethodName, static method => Names.Of(method));
        var from = (request.Caller as Activation)?.TraceName;
        if (parent is not Activity && CallRecorder.Current?.OnStart(parent, names.Full, host.TraceName, from, host.Silo.Name) is { } record)
        {
            request.Span = record;
            return;
        }

        var span = Source.StartActivity(names.Full, ActivityKind.Server, (parent as Activity)?.Context ?? default);
        request.Span = span;
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        span.SetTag("rpc.system.name", "orleans").SetTag("orleans.rpc.service", names.Service).SetTag("rpc.method", names.Full);
        span.SetTag("orleans.rpc.target_id", host.TraceName);
        span.SetTag("hugesim.silo", host.Silo.Name);
        if (from is not null)
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

    private sealed class SameObject : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => ReferenceEquals(x, y);

        public int GetHashCode(string obj) => RuntimeHelpers.GetHashCode(obj);
    }

    private sealed record Names(string Service, string Full)
    {
        public static Names Of(string method)
        {
            var dot = method.IndexOf('.', StringComparison.Ordinal);
            return new Names(method[..dot], $"{method[..dot]}/{method[(dot + 1)..]}");
        }
    }
}

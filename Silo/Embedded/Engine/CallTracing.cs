using System.Diagnostics;
using Hugesim.Embedded.CodeGeneration;

namespace Hugesim.Embedded;

/// <summary>
/// A span for each message, under the source and with the tags of Orleans (<c>AddActivityPropagation</c>), so that what reads traces need not
/// know the engine. While nobody listens, a call costs one look at a field.
/// </summary>
internal static class CallTracing
{
    private const string ParentKey = "#parent";
    private const string SpanKey = "#span";

    private static readonly ActivitySource Source = new("Microsoft.Orleans.Application", "1.1.0");

    /// <summary>The caller's span travels with the request.</summary>
    public static void OnSend(GrainRequest request)
    {
        if (Source.HasListeners() && Activity.Current is { } parent)
        {
            request.Context = With(request.Context, ParentKey, parent);
        }
    }

    /// <summary>The call begins: its span is the current one until the turn ends.</summary>
    public static void OnStart(GrainRequest request, Activation host)
    {
        if (!Source.HasListeners())
        {
            return;
        }

        var parent = request.Context?.GetValueOrDefault(ParentKey) as Activity;
        var method = request.MethodName;
        var dot = method.IndexOf('.', StringComparison.Ordinal);
        var name = $"{method[..dot]}/{method[(dot + 1)..]}";
        var span = Source.StartActivity(name, ActivityKind.Server, parent?.Context ?? default);
        if (span is null)
        {
            return;
        }

        span.SetTag("rpc.system.name", "orleans").SetTag("orleans.rpc.service", method[..dot]).SetTag("rpc.method", name);
        span.SetTag("orleans.rpc.target_id", host.GrainId.ToString());
        span.SetTag("hugesim.silo", host.Silo.Name);
        if (request.Caller is Activation caller)
        {
            span.SetTag("orleans.rpc.source_id", caller.GrainId.ToString());
        }

        request.Context = With(request.Context, SpanKey, span);
    }

    /// <summary>The call has ended.</summary>
    public static void OnEnd(GrainRequest request, Exception? failure)
    {
        if (request.Context?.GetValueOrDefault(SpanKey) is not Activity span)
        {
            return;
        }

        if (failure is not null)
        {
            span.SetStatus(ActivityStatusCode.Error, failure.Message);
            span.SetTag("exception.type", failure.GetType().FullName).SetTag("exception.message", failure.Message);
        }

        span.Stop();
    }

    // A context is never changed once it is set.
    private static Dictionary<string, object> With(Dictionary<string, object>? context, string key, object value) =>
        context is null ? new Dictionary<string, object>(2) { [key] = value } : new Dictionary<string, object>(context) { [key] = value };
}

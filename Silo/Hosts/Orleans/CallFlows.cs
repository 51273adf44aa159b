using System.Diagnostics;
using Orleans.Runtime;

namespace Hugesim.Telemetry;

/// <summary>
/// The spans of messages. Orleans' own filters (<c>AddActivityPropagation</c>) make two spans of .NET for each; these make one, that of the receiver, and a compact one
/// where the flow is sent only if it fails.
/// </summary>
internal sealed class CallFlows : IOutgoingGrainCallFilter, IIncomingGrainCallFilter
{
    private const string Key = "hugesim.flow";

    private static readonly ActivitySource s_source = new(TelemetrySources.Messages, TelemetrySources.MessagesVersion);
    private readonly string? _silo;

    private CallFlows(string? silo) => _silo = silo;

    /// <summary>Nothing: hosts have the filters from their start.</summary>
    public static void Install()
    {
    }

    /// <summary>Adds the filters to a silo.</summary>
    public static void AddTo(ISiloBuilder silo, string name)
    {
        var flows = new CallFlows(name);
        silo.AddOutgoingGrainCallFilter(flows);
        silo.AddIncomingGrainCallFilter(flows);
    }

    /// <summary>Adds the filter to a client.</summary>
    public static void AddTo(IClientBuilder client) => client.AddOutgoingGrainCallFilter(new CallFlows(null));

    /// <inheritdoc/>
    public Task Invoke(IOutgoingGrainCallContext context)
    {
        if (!s_source.HasListeners())
        {
            return context.Invoke();
        }

        var link = CompactSpan.Current?.Link ?? LinkOf(Activity.Current);
        if (link is not null)
        {
            if (!ReferenceEquals(RequestContext.Get(Key), link))
            {
                RequestContext.Set(Key, link);
            }
        }
        else if (RequestContext.Get(Key) is not null)
        {
            RequestContext.Remove(Key);
        }

        return context.Invoke();
    }

    /// <inheritdoc/>
    public Task Invoke(IIncomingGrainCallContext context) =>
        s_source.HasListeners() && !IsOfOrleans(context.Request.GetInterfaceType()) ? RecordAsync(context) : context.Invoke();

    private async Task RecordAsync(IIncomingGrainCallContext context)
    {
        var span = Begin(context, RequestContext.Get(Key) as FlowLink);
        try
        {
            await context.Invoke().ConfigureAwait(true);
        }
        catch (Exception failure)
        {
            span.Fail(failure);
            throw;
        }
        finally
        {
            span.Dispose();
        }
    }

    private FlowSpan Begin(IIncomingGrainCallContext context, FlowLink? link)
    {
        CompactSpan.Current = null;
        var name = context.Request.GetActivityName();
        if (link is null ? FlowSampler.IsNoFlow(name) : link.IsDrawn)
        {
            return new FlowSpan(link is null ? null : Start(context, name, link));
        }

        var message = new MessageEnds(context.TargetId, context.SourceId, _silo);
        if (link is { Local: { } local })
        {
            return new FlowSpan(local.Begin(name, TelemetrySources.Messages, ActivityKind.Server, message), isLeaf: false);
        }

        var span = link is null
            ? FlowRecording.OfProcess?.TryBegin(name, TelemetrySources.Messages, ActivityKind.Server, message)
            : FlowRecording.OfProcess?.Continue(link.TraceHigh, link.TraceLow, link.SpanId, name, TelemetrySources.Messages, ActivityKind.Server, message);
        return span is null ? new FlowSpan(Start(context, name, link)) : new FlowSpan(span, isLeaf: false);
    }

    private Activity? Start(IIncomingGrainCallContext context, string name, FlowLink? link)
    {
        Activity.Current = null;
        var parent = link is null ? default : new ActivityContext(
            ActivityTraceId.CreateFromString($"{link.TraceHigh:x16}{link.TraceLow:x16}"), ActivitySpanId.CreateFromString($"{link.SpanId:x16}"),
            link.IsDrawn ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None, isRemote: true);
        var span = s_source.StartActivity(name, ActivityKind.Server, parent);
        if (span is { IsAllDataRequested: true })
        {
            foreach (var (tag, value) in new MessageEnds(context.TargetId, context.SourceId, _silo).Tags(name))
            {
                span.SetTag(tag, value);
            }
        }

        return span;
    }

    private static FlowLink? LinkOf(Activity? span) => span is not { IdFormat: ActivityIdFormat.W3C } ? null : FlowRecording.LinkOf(span);

    private static bool IsOfOrleans(Type grainInterface) => grainInterface.Namespace?.StartsWith("Orleans", StringComparison.Ordinal) ?? false;
}

using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Hugesim.Telemetry;

/// <summary>
/// The spans of messages. Orleans' own filters (<c>AddActivityPropagation</c>) make two spans of .NET for each; this makes one, that of the receiver, and a compact one where all
/// flows of the process are recorded.
/// </summary>
internal sealed class CallFlows : MessageRecorder
{
    private static readonly CallFlows s_instance = new();
    private static readonly ActivitySource s_source = new(TelemetrySources.Messages, TelemetrySources.MessagesVersion);
    private static ILocalSiloDetails? s_silo;

    /// <summary>Lets messages ask.</summary>
    public static void Install() => Current = s_instance;

    /// <inheritdoc/>
    public override bool IsListening => s_source.HasListeners();

    /// <inheritdoc/>
    public override object? OnSend() =>
        !IsListening ? null
            : FrameSpan.Current?.Innermost ?? (object?)(Activity.Current is { IdFormat: ActivityIdFormat.W3C } span ? span : null);

    /// <inheritdoc/>
    public override FlowLink? LinkOf(object sender) => sender switch
    {
        CompactSpan span => FlowRecording.LinkOf(span),
        Activity span => FlowRecording.LinkOf(span),
        _ => null,
    };

    /// <inheritdoc/>
    public override FlowSpan OnStart(object? sender, string name, IGrainContext target) =>
        Begin(sender, name, target) is { } span ? new FlowSpan(span) : new FlowSpan(Start(sender, name, target));

    private static MessageSpan? Begin(object? sender, string name, IGrainContext target) => sender switch
    {
        CompactSpan parent => new MessageSpan(parent, name, EndsOf(target, null)),
        FlowLink { IsOfNet: false } link => FlowRecording.OfProcess?.ContinueMessage(link, name, EndsOf(target, link)),
        null => FlowSampler.IsNoFlow(name) ? null : FlowRecording.OfProcess?.BeginMessage(name, EndsOf(target, null)),
        _ => null,
    };

    private static Activity? Start(object? sender, string name, IGrainContext target)
    {
        Activity.Current = null;
        if (sender is null && FlowSampler.IsNoFlow(name))
        {
            return null;
        }

        var link = sender as FlowLink;
        var span = s_source.StartActivity(name, ActivityKind.Server, link is null ? (sender as Activity)?.Context ?? default : ContextOf(link));
        if (span is { IsAllDataRequested: true })
        {
            foreach (var (tag, value) in EndsOf(target, link).Tags(name, (sender as Activity)?.GetTagItem(MessageEnds.TargetTag)))
            {
                span.SetTag(tag, value);
            }
        }

        return span;
    }

    private static ActivityContext ContextOf(FlowLink link) => new(
        ActivityTraceId.CreateFromString($"{link.TraceHigh:x16}{link.TraceLow:x16}"), ActivitySpanId.CreateFromString($"{link.SpanId:x16}"),
        link.IsDrawn ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None, isRemote: true);

    private static MessageEnds EndsOf(IGrainContext target, FlowLink? link) => new(target, SiloOf(target), link?.Caller);

    // Asked for each message, and nearly always of the same silo.
    private static string? SiloOf(IGrainContext target)
    {
        var silo = s_silo;
        if (target.Address.SiloAddress is not { } address || !address.Equals(silo?.SiloAddress))
        {
            s_silo = silo = target.ActivationServices.GetService<ILocalSiloDetails>();
        }

        return silo?.Name;
    }
}

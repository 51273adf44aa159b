using System.Collections.Concurrent;
using Hugesim.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace Hugesim.Silo;

/// <summary>What silos ask each other of flows. A silo is asked by itself, not with all others: one that does not answer costs its own part only.</summary>
[Alias("IFlowPartService")]
internal interface IFlowPartService : IGrainService
{
    /// <summary>What is recorded there of a flow: the text of a <see cref="FlowPart"/>.</summary>
    [Alias("Find")]
    Task<string> Find(string traceId);
}

/// <summary>Answers for this silo.</summary>
internal sealed class FlowPartService(GrainId id, global::Orleans.Runtime.Silo silo, ILoggerFactory logs, FlowControl flows)
    : GrainService(id, silo, logs), IFlowPartService
{
    /// <inheritdoc/>
    public Task<string> Find(string traceId) => Task.FromResult(flows.Find(traceId).Write());
}

/// <summary>Those of other silos.</summary>
internal sealed class FlowPartServices(IServiceProvider services) : GrainServiceClient<IFlowPartService>(services)
{
    /// <summary>That of one silo.</summary>
    public IFlowPartService this[SiloAddress silo] => GetGrainService(silo);
}

/// <summary>Gathers flows on a silo for those who look at it: its own parts and those of all other silos.</summary>
internal sealed class SiloFlows(FlowControl own, FlowPartServices others, ILocalSiloDetails self, IClusterMembershipService membership) : BackgroundService
{
    // Somebody waits for the page. A silo that works answers in milliseconds.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<SiloAddress, DateTime> _ends = [];

    /// <summary>Adds what a silo needs to ask others and to answer them.</summary>
    public static void AddTo(ISiloBuilder silo)
    {
        silo.Services.AddSingleton<FlowPartServices>().AddSingleton<SiloFlows>().AddHostedService(services => services.GetRequiredService<SiloFlows>());
        silo.AddGrainService<FlowPartService>();
    }

    /// <summary>Gathers a flow. Whatever becomes of the other silos, there is an answer.</summary>
    public async Task<GatheredFlow> FindAsync(string traceId)
    {
        var members = membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping && !member.SiloAddress.Equals(self.SiloAddress));
        var answers = await Task.WhenAll(members.Select(member => AskAsync(member, traceId))).ConfigureAwait(false);
        RecordedSpan[] spans =
        [
            .. answers.Select(answer => answer.Part).Prepend(own.Find(traceId)).SelectMany(part => part?.SignedSpans ?? [])
                .DistinctBy(span => span.SpanId).OrderBy(span => span.Start),
        ];
        return new GatheredFlow(spans, [.. answers.Select(answer => answer.Missing).OfType<string>(), .. Lost(spans)]);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken).ConfigureAwait(false))
        {
            foreach (var member in snapshot.Members.Values.Where(member => member.Status == SiloStatus.Dead))
            {
                _ends.TryAdd(member.SiloAddress, DateTime.UtcNow);
            }

            foreach (var silo in _ends.Keys.Where(silo => !snapshot.Members.ContainsKey(silo)))
            {
                _ends.TryRemove(silo, out _);
            }
        }
    }

    private async Task<(FlowPart? Part, string? Missing)> AskAsync(ClusterMember member, string traceId)
    {
        try
        {
            var part = FlowPart.Read(await others[member.SiloAddress].Find(traceId).WaitAsync(s_patience).ConfigureAwait(false));
            return (part, part.Spans is null ? $"silo {member.Name} keeps no flows: it has no HTTP endpoint" : null);
        }
        catch (Exception)
        {
            // Whatever it is, the others' parts are worth showing.
            return (null, $"silo {member.Name} has not answered");
        }
    }

    // What a silo has recorded ends with it. Nobody knows whether that was a part of this flow.
    private IEnumerable<string> Lost(RecordedSpan[] spans)
    {
        if (spans.Length == 0)
        {
            return [];
        }

        var members = membership.CurrentSnapshot.Members;
        var names = _ends.Where(end => end.Value > spans[0].Start && members.ContainsKey(end.Key)).Select(end => members[end.Key].Name).Distinct().Order(StringComparer.Ordinal);
        return names.Select(name => $"silo {name} has ended since");
    }
}

using System.Collections.Concurrent;
using Hugesim.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace Hugesim.Silo;

/// <summary>What silos ask each other for their pages. A silo is asked by itself, not with all others: one that does not answer costs its own part only.</summary>
[Alias("ISiloPartService")]
internal interface ISiloPartService : IGrainService
{
    /// <summary>What is recorded there of a flow: the text of a <see cref="FlowPart"/>.</summary>
    [Alias("Find")]
    Task<string> Find(string traceId);

    /// <summary>The machines whose hstates live there.</summary>
    [Alias("Machines")]
    Task<string[]> Machines();
}

/// <summary>Answers for this silo.</summary>
internal sealed class SiloPartService(GrainId id, global::Orleans.Runtime.Silo silo, ILoggerFactory logs, FlowControl flows, PoolRegistry pools)
    : GrainService(id, silo, logs), ISiloPartService
{
    /// <inheritdoc/>
    public Task<string> Find(string traceId) => Task.FromResult(flows.Find(traceId).Write());

    /// <inheritdoc/>
    public Task<string[]> Machines() => Task.FromResult(pools.Pools.Select(pool => pool.Machine).ToArray());
}

/// <summary>Those of other silos.</summary>
internal sealed class SiloPartServices(IServiceProvider services) : GrainServiceClient<ISiloPartService>(services)
{
    /// <summary>That of one silo.</summary>
    public ISiloPartService this[SiloAddress silo] => GetGrainService(silo);
}

/// <summary>Gathers on a silo what its pages show of the whole cluster: its own part and those of all other silos. Whatever becomes of these, there is an answer.</summary>
internal sealed class SiloParts(FlowControl own, PoolRegistry ownPools, SiloPartServices others, ILocalSiloDetails self, IClusterMembershipService membership) : BackgroundService
{
    // Somebody waits for the page. A silo that works answers in milliseconds.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<SiloAddress, DateTime> _ends = [];

    /// <summary>Adds what a silo needs to ask others and to answer them.</summary>
    public static void AddTo(ISiloBuilder silo)
    {
        silo.Services.AddSingleton<SiloPartServices>().AddSingleton<SiloParts>().AddHostedService(services => services.GetRequiredService<SiloParts>());
        silo.AddGrainService<SiloPartService>();
    }

    /// <summary>Gathers a flow.</summary>
    public async Task<GatheredFlow> FindFlowAsync(string traceId)
    {
        var (parts, missing) = await AskAsync(async silo => FlowPart.Read(await silo.Find(traceId).ConfigureAwait(false))).ConfigureAwait(false);
        RecordedSpan[] spans =
        [
            .. parts.Prepend(own.Find(traceId)).SelectMany(part => part.SignedSpans ?? []).DistinctBy(span => span.SpanId).OrderBy(span => span.Start),
        ];
        var without = parts.Where(part => part.Spans is null).Select(part => $"silo {part.Silo} keeps no flows: it has no HTTP endpoint");
        return new GatheredFlow(spans, [.. missing, .. without, .. Lost(spans)]);
    }

    /// <summary>Gathers the names of all machines. Orleans' management grain knows them too, and waits for each silo until that is declared dead.</summary>
    public async Task<ClusterMachines> FindMachinesAsync()
    {
        var (answers, missing) = await AskAsync(silo => silo.Machines()).ConfigureAwait(false);
        var names = answers.SelectMany(names => names).Concat(ClusterMachines.In(ownPools).Names);
        return new ClusterMachines([.. names.Distinct().Order(StringComparer.Ordinal)], missing);
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

    // The answers of all others, and who has given none.
    private async Task<(T[] Answers, string[] Missing)> AskAsync<T>(Func<ISiloPartService, Task<T>> ask)
        where T : class
    {
        var members = membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping && !member.SiloAddress.Equals(self.SiloAddress));
        var answers = await Task.WhenAll(members.Select(member => AskAsync(member, ask))).ConfigureAwait(false);
        return ([.. answers.Select(answer => answer.Answer).OfType<T>()], [.. answers.Select(answer => answer.Missing).OfType<string>()]);
    }

    private async Task<(T? Answer, string? Missing)> AskAsync<T>(ClusterMember member, Func<ISiloPartService, Task<T>> ask)
        where T : class
    {
        try
        {
            return (await ask(others[member.SiloAddress]).WaitAsync(s_patience).ConfigureAwait(false), null);
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

using Hugesim.Embedded;
using Hugesim.Grains;
using Hugesim.Silo;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>Messages to all grains are lost, late and doubled under many schedules: what was asked once is done once.</summary>
public sealed class LostMessageTests
{
    private const int Schedules = 60;

    [Theory]
    [InlineData(3, false)]
    [InlineData(1, true)]
    public void RequestsAndAnswers_LostLateAndTwice_AreDoneOnce(int silos, bool combines)
    {
        var plan = new LossyPlan(oneIn: 12);
        using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions
        {
            Scheduler = SchedulerKind.Deterministic,
            Silos = silos,
            Faults = plan,
            ResponseTimeout = GrainHostOptions.ResponseTimeout,
            ConfigureServices = services =>
            {
                services.AddEmbeddedHugesim();
                if (combines)
                {
                    services.AddSingleton<HstateCombining>();
                }
            },
        });
        for (var seed = 0; seed < Schedules; seed++)
        {
            cluster.Reset(seed);
            try
            {
                cluster.Run(async grains =>
                {
                    var machine = new LoadedMachine(grains, "m", new RepeatedCalls(cluster.Services.GetRequiredService<TimeProvider>()));
                    await machine.BootAsync(nodes: 2);
                    await Task.WhenAll(Enumerable.Range(0, 3).Select(worker => machine.WorkAsync(worker, rounds: 3)));
                    (await machine.AuditAsync()).ShouldBeEmpty();
                });
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }
        }

        plan.Combined.ShouldBe(combines, "calls that go together are lost, too");
        foreach (var kind in new[] { MessageFateKind.Drop, MessageFateKind.Duplicate, MessageFateKind.Delay })
        {
            plan.Count(kind).ShouldBeGreaterThan(Schedules, $"{kind}");
        }

        // Each kind of grain, as the one that is asked and as the one that answers.
        foreach (var kind in new[] { "IProcessGrain", "IVmaGrain", "IInodeGrain", "IMountGrain", "IMachineGrain", "IHstateGrain", "ISubpoolGrain", "IFramesGrain" })
        {
            plan.Touched.ShouldContain((kind, false));
            plan.Touched.ShouldContain((kind, true));
        }
    }
}

/// <summary>Loses, delays and doubles any message but those of an audit, which is no part of the system that it looks at.</summary>
internal sealed class LossyPlan(int oneIn) : FaultPlan
{
    private readonly Dictionary<MessageFateKind, int> _counts = [];

    /// <summary>The grain interfaces that something has happened to, in requests and in answers.</summary>
    public HashSet<(string Kind, bool IsAnswer)> Touched { get; } = [];

    /// <summary>Whether messages of several calls were among them.</summary>
    public bool Combined { get; private set; }

    public int Count(MessageFateKind kind) => _counts.GetValueOrDefault(kind);

    public override MessageFate OnMessage(in MessageInfo message, Chooser chooser)
    {
        if (message.Method.EndsWith(".Audit", StringComparison.Ordinal) || !chooser.Chance(oneIn))
        {
            return MessageFate.Deliver;
        }

        var fate = chooser.Choose(4) switch
        {
            0 => MessageFate.Drop,
            1 => MessageFate.Duplicate,
            2 => MessageFate.Delay(TimeSpan.FromSeconds(1)),
            _ => MessageFate.Delay(TimeSpan.FromSeconds(90)),
        };
        Combined |= message.Method == "IHstateGrain.Combined";
        _counts[fate.Kind] = Count(fate.Kind) + 1;
        Touched.Add((message.Method[..message.Method.IndexOf('.', StringComparison.Ordinal)], message.IsResponse));
        return fate;
    }
}

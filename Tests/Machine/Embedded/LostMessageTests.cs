using Hugesim.Embedded;
using Hugesim.Grains;
using Hugesim.Silo;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>Messages to hstate, subpools and frames are lost, late and doubled under many schedules: what was asked once is done once.</summary>
public sealed class LostMessageTests
{
    private const int Schedules = 60;

    [Theory]
    [InlineData(3, false)]
    [InlineData(1, true)]
    public void RequestsAndAnswers_LostLateAndTwice_AreDoneOnce(int silos, bool combines)
    {
        var plan = new Plan();
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
                    var machine = new LoadedMachine(grains, "m");
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
    }

    private sealed class Plan : FaultPlan
    {
        private static readonly string[] s_leaves = ["IHstateGrain.", "ISubpoolGrain.", "IFramesGrain."];

        // A client outside does not send again; an audit is a client's.
        private static readonly string[] s_once = [".Audit", ".Break"];
        private readonly Dictionary<MessageFateKind, int> _counts = [];

        /// <summary>Whether messages of several calls were among them.</summary>
        public bool Combined { get; private set; }

        public int Count(MessageFateKind kind) => _counts.GetValueOrDefault(kind);

        public override MessageFate OnMessage(in MessageInfo message, Chooser chooser)
        {
            var (method, isClients) = (message.Method, message.SourceSilo < 0 || message.TargetSilo < 0);
            if (isClients || !Array.Exists(s_leaves, name => method.StartsWith(name, StringComparison.Ordinal))
                || Array.Exists(s_once, name => method.EndsWith(name, StringComparison.Ordinal)) || !chooser.Chance(8))
            {
                return MessageFate.Deliver;
            }

            var fate = chooser.Choose(4) switch
            {
                0 => MessageFate.Drop,
                1 => MessageFate.Duplicate,
                2 => MessageFate.Delay(TimeSpan.FromSeconds(1)),
                _ => MessageFate.Delay(TimeSpan.FromSeconds(45)),
            };
            Combined |= method == "IHstateGrain.Combined";
            _counts[fate.Kind] = Count(fate.Kind) + 1;
            return fate;
        }
    }
}

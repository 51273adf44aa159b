using Hugesim.Abstractions;
using Hugesim.Grains;
using Hugesim.Model;
using Hugesim.Silo;
using Orleans;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>What goes together is answered as if each call had come alone.</summary>
public sealed class HstateCombinerTests
{
    private const int Calls = 300;
    private static readonly SharedGrainHosts s_hosts = new();
    private static int s_machines;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Combined_RandomCalls_AreAnsweredAsOneByOneInTheSameOrder(int seed)
    {
        await using var host = await s_hosts.GetAsync(new GrainHostOptions());
        await host.RunAsync(async grains =>
        {
            var (together, alone) = (await BootAsync(grains), await BootAsync(grains));
            var calls = RandomCalls(new Random(seed));
            var combiner = new HstateCombiner(together);
            var combined = await Task.WhenAll(calls.Select(call => call.Combined(combiner).AsTask()));
            var single = new List<long>();
            foreach (var call in calls)
            {
                single.Add(await call.Alone(alone));
            }

            combined.ShouldBe([.. single], $"seed {seed}");
            (await together.Audit()).ShouldBeEquivalentTo(await alone.Audit(), $"seed {seed}");
            single.ShouldContain((long)Errno.ENOMEM, "a pool that is never empty shows little");
            return 0;
        });
    }

    [Fact]
    public async Task Combined_TheSameCallsTwice_DoesNothingTwice()
    {
        await using var host = await s_hosts.GetAsync(new GrainHostOptions());
        await host.RunAsync(async grains =>
        {
            var hstate = await BootAsync(grains);
            CombinedCalls calls = new(new HstateCall[]
            {
                new(new Operation(77, 0, 1, 0), Reserve: new ReserveRequest(TaskContext.Default, 2, 0)),
                new(new Operation(77, 1, 1, 0), Alloc: new AllocRequest(0, false, true, 0, ~0L, 0)),
            });
            var first = await hstate.Combined(calls);
            (await hstate.Combined(calls)).Answers.ShouldBe(first.Answers);
            var counters = await hstate.ReadCounters();
            (counters.Free, counters.Resv).ShouldBe((PoolPages - 1, 1));
            return 0;
        });
    }

    [Fact]
    public async Task Combined_OneCallThatIsRefused_LeavesTheOthersAlone()
    {
        await using var host = await s_hosts.GetAsync(new GrainHostOptions());
        await host.RunAsync(async grains =>
        {
            var hstate = await BootAsync(grains);
            await hstate.Reserve(new ReserveRequest(TaskContext.Default, 1, 0), new Operation(78, 0, 5, 0));
            var answers = (await hstate.Combined(new(new HstateCall[]
            {
                new(new Operation(78, 0, 4, 0), Reserve: new ReserveRequest(TaskContext.Default, 1, 0)),
                new(new Operation(78, 1, 1, 0), Reserve: new ReserveRequest(TaskContext.Default, 1, 0)),
            }))).Answers;
            answers[0].Refusal.ShouldNotBeNull().ShouldContain("was given up");
            answers[1].Refusal.ShouldBeNull();
            (await hstate.ReadCounters()).Resv.ShouldBe(2);
            return 0;
        });
    }

    [Fact]
    public async Task Combined_HstateHasNoState_TellsEveryCallerAndGoesOn()
    {
        await using var host = await s_hosts.GetAsync(new GrainHostOptions());
        await host.RunAsync(async grains =>
        {
            var hstate = grains.GetGrain<IHstateGrain>(Keys.Hstate($"combiner{Interlocked.Increment(ref s_machines)}"));
            var combiner = new HstateCombiner(hstate);
            for (var round = 0; round < 2; round++)
            {
                var calls = Enumerable.Range(0, Calls).Select(_ => combiner.Reserve(new ReserveRequest(TaskContext.Default, 1, 0), default).AsTask()).ToList();
                foreach (var call in calls)
                {
                    await Should.ThrowAsync<StateLostException>(() => call);
                }
            }

            return 0;
        });
    }

    [Fact]
    public async Task Machine_OnSilosThatCombine_IsSoundAfterManyProcesses()
    {
        await using var host = await GrainHost.StartAsync(new GrainHostOptions(Combines: true));
        await host.RunAsync(async grains =>
        {
            var machine = new LoadedMachine(grains, "combined");
            await machine.BootAsync(nodes: 2);
            await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => machine.WorkAsync(worker, rounds: 5)));
            (await machine.AuditAsync()).ShouldBeEmpty();
            return 0;
        });
    }

    private const long PoolPages = 20;

    private static async Task<IHstateGrain> BootAsync(IGrainFactory grains)
    {
        var hstate = grains.GetGrain<IHstateGrain>(Keys.Hstate($"combiner{Interlocked.Increment(ref s_machines)}"));
        await hstate.Boot(new HstateBoot("7.3+repair", 1, 1000), default);
        await hstate.SetMaxHugePages(new SetPoolRequest(PoolPages, -1, ~0L));
        return hstate;
    }

    // What is given back was surely had: the first calls find an empty machine.
    private static List<AnyCall> RandomCalls(Random random)
    {
        var calls = new List<AnyCall>();
        var reserved = 0;
        for (var i = 0; i < Calls; i++)
        {
            var operation = new Operation(1000, i, 1, 0);
            if (reserved > 0 && random.Next(3) == 0)
            {
                calls.Add(new AnyCall(operation, Unreserve: new UnreserveRequest(1, [])));
                reserved--;
            }
            else if (random.Next(4) == 0)
            {
                calls.Add(new AnyCall(operation, Alloc: new AllocRequest(0, false, false, 0, ~0L, 0)));
            }
            else
            {
                var pages = random.Next(1, 4);
                calls.Add(new AnyCall(operation, Reserve: new ReserveRequest(TaskContext.Default, pages, 0)));
                reserved += calls.Count < 5 ? pages : 0;
            }
        }

        return calls;
    }

    private sealed record AnyCall(Operation Operation, ReserveRequest? Reserve = null, UnreserveRequest? Unreserve = null, AllocRequest? Alloc = null)
    {
        public async ValueTask<long> Combined(HstateCombiner combiner) =>
            Reserve is not null ? (long)(await combiner.Reserve(Reserve, Operation)).Value
            : Unreserve is not null ? (long)(await combiner.Unreserve(Unreserve, Operation)).Value
            : (await combiner.AllocHugePage(Alloc!, Operation)).Value;

        public async ValueTask<long> Alone(IHstateGrain hstate) =>
            Reserve is not null ? (long)(await hstate.Reserve(Reserve, Operation)).Value
            : Unreserve is not null ? (long)(await hstate.Unreserve(Unreserve, Operation)).Value
            : (await hstate.AllocHugePage(Alloc!, Operation)).Value;
    }
}

using System.Runtime.CompilerServices;
using Hugesim.Abstractions;
using Hugesim.Embedded;
using Hugesim.Grains;
using Hugesim.Model;
using Hugesim.Silo;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>What a silo keeps of machines, mounts and subpools goes when they do: it sees very many of them.</summary>
public sealed class EndedPartsTests
{
    [Fact]
    public async Task Subpool_AfterUmount_HasNoActivationLeft()
    {
        await using var cluster = Start();
        var machine = new LoadedMachine(cluster.GrainFactory, "m");
        await machine.BootAsync();
        var mount = await machine.Machine.ResolveMount("A");
        var subpool = cluster.GrainFactory.GetGrain<ISubpoolGrain>(mount!);
        cluster.FindActivation(subpool).ShouldNotBeNull();

        (await machine.Machine.Umount("A", lazy: false)).ShouldBe(Errno.None);

        // Forget is a message without an answer.
        while (cluster.FindActivation(subpool) is not null)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        (await machine.Hstate.ReadCounters()).Resv.ShouldBe(0);
        (await machine.AuditAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Machines_ThatNoGrainIsOf_AreForgotten()
    {
        await using var cluster = Start();
        var calls = SiloCalls.Of(cluster.GrainFactory, cluster.Services);
        var held = calls.Flows(new MachineContext("held", KernelProfiles.Newest.Name), null);
        for (var round = 0; round < 20; round++)
        {
            Use(calls, round);
            GC.Collect();
        }

        calls.Machines.ShouldBeLessThan(500, "of 2000");
        calls.Flows(new MachineContext("held", KernelProfiles.Newest.Name), null).ShouldBeSameAs(held);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Use(SiloCalls calls, int round)
    {
        for (var i = 0; i < 100; i++)
        {
            calls.Flows(new MachineContext($"m{round}-{i}", KernelProfiles.Newest.Name), null).Profile.ShouldNotBeNull();
        }
    }

    private static EmbeddedCluster Start() => EmbeddedCluster.Start(new EmbeddedClusterOptions { ConfigureServices = services => services.AddEmbeddedHugesim() });
}

using Hugesim.Abstractions;
using Hugesim.Grains;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Orleans;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>Machines end with those who have them.</summary>
public sealed class MachineDirectoryTests : IAsyncLifetime
{
    private static readonly string[] Busy =
    [
        "pool 6", "mount A min_size=1", "proc p", "p mmap m 2 private", "p w m 0", "p fork c", "p open f A/x", "p mmap s 1 shared fd=f", "p shmget S 1", "p shmat t S",
    ];

    private readonly ClusterMachine _machine = new($"m{Guid.NewGuid():N}", "7.3+repair", 2);
    private IGrainHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await GrainHost.StartAsync(new GrainHostOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Machine_OfAClientThatSaysNothing_IsSwitchedOffWhenItsLeaseEnds()
    {
        await BootAsync();

        await Ask(async grains =>
        {
            await Directory(grains).Add(new MachineOwner("gone", "a client", TimeSpan.FromMilliseconds(1)), [_machine]);
            return 0;
        });

        while ((await Ask(grains => Directory(grains).List())).Length > 0 || await Ask(IsOnAsync))
        {
            await Task.Yield();
        }
    }

    [Fact]
    public async Task Machine_OfAClientThatRenews_StaysAndIsListed()
    {
        var owner = new MachineOwner("here", "a client", TimeSpan.FromHours(1));
        await BootAsync();

        await Ask(async grains =>
        {
            await Directory(grains).Add(owner, [_machine]);
            await Directory(grains).Renew(owner, [_machine]);
            return 0;
        });

        var listed = await Ask(grains => Directory(grains).List());
        listed.ShouldHaveSingleItem().Machine.ShouldBe(_machine);
        listed[0].Owner.ShouldBe("a client");
        (await Ask(IsOnAsync)).ShouldBeTrue();
        await Ask(async grains =>
        {
            await Directory(grains).Remove([_machine.Name]);
            return 0;
        });
        (await Ask(grains => Directory(grains).List())).ShouldBeEmpty();
    }

    [Fact]
    public async Task Machine_SwitchedOffByAnother_IsNotBroughtBackWhenItsClientRenews()
    {
        var owner = new MachineOwner("here", "a client", TimeSpan.FromHours(1));

        await Ask(async grains =>
        {
            await Directory(grains).Add(owner, [_machine]);
            await Directory(grains).Remove([_machine.Name]);
            await Directory(grains).Renew(owner, [_machine]);
            return 0;
        });

        (await Ask(grains => Directory(grains).List())).ShouldBeEmpty();
    }

    [Fact]
    public async Task SwitchedOffMachine_HasNoStateAnywhere()
    {
        await BootAsync();
        var inventory = (await Ask(grains => grains.GetGrain<IMachineGrain>(_machine.Name).Audit()))!;
        inventory.Processes.Length.ShouldBe(2);

        await Ask(async grains =>
        {
            await MachinePower.OffAsync(grains, _machine);
            return 0;
        });

        (await Ask(IsOnAsync)).ShouldBeFalse();
        (await Ask(grains => grains.GetGrain<IHstateGrain>(Keys.Hstate(_machine.Name)).Audit())).ShouldBeNull();
        (await Ask(grains => grains.GetGrain<IFramesGrain>(Keys.Frames(_machine.Name, 1)).Audit())).ShouldBeNull();
        foreach (var process in inventory.Processes)
        {
            (await Ask(grains => grains.GetGrain<IProcessGrain>(process).Audit())).ShouldBeNull();
        }

        foreach (var mount in inventory.Mounts)
        {
            (await Ask(grains => grains.GetGrain<IMountGrain>(mount).Audit())).ShouldBeNull();
            (await Ask(grains => grains.GetGrain<ISubpoolGrain>(mount).Audit()))?.Released.ShouldBeTrue();
        }

        (await Ask(grains => grains.GetGrain<IInodeGrain>(inventory.Segments[0].Inode).Audit())).ShouldBeNull();

        // Twice is once, and a machine that never was has nothing to end.
        await Ask(async grains =>
        {
            await MachinePower.OffAsync(grains, _machine);
            return 0;
        });
    }

    private static IMachineDirectoryGrain Directory(IGrainFactory grains) => grains.GetGrain<IMachineDirectoryGrain>(IMachineDirectoryGrain.TheKey);

    private async ValueTask<bool> IsOnAsync(IGrainFactory grains) => await grains.GetGrain<IMachineGrain>(_machine.Name).Audit() is not null;

    private ValueTask<T> Ask<T>(Func<IGrainFactory, ValueTask<T>> call) => _host.RunAsync(call);

    private async Task BootAsync()
    {
        var machine = await Hugesim.Machine.GrainMachine.BootAsync(
            new BorrowedGrainHost(_host), _machine.Name, new MachineOptions(_machine.Profile, _machine.Nodes, "parallel", 0, 1));
        var parser = new ScenarioParser("busy");
        for (var i = 0; i < Busy.Length; i++)
        {
            var step = (ScenarioStep)parser.ParseLine(i + 1, Busy[i])!;
            (await machine.ExecuteAsync(step.Command, TestContext.Current.CancellationToken)).ShouldStartWith("ok");
        }
    }
}

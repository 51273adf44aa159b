using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Grains;
using Hugesim.Model;
using Hugesim.Tests.Engine;
using Orleans;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>
/// Two activations of a process, a mapping or an inode have a state, on the grain directory that silos have: it has lost an entry, and the life has begun a second time elsewhere. Whoever
/// comes to the wrong one is refused, and the machine is broken from then on.
/// </summary>
public sealed class SecondActivationTests
{
    private const string Second = "has two activations that hold state";

    [Fact]
    public async Task SecondProcess_AskedByWhoKnowsTheFirst_IsRefused()
    {
        await using var host = await StartAsync();
        var machine = await BootAsync(host);
        var (pid, _) = await machine.NewPidAsync();
        var first = host.GrainFactory.GetGrain<IProcessGrain>(Keys.Process(machine.Name, pid));
        var life = await first.Spawn(machine.Context, TaskContext.Default);
        var (second, _, otherLife) = await SpawnAgainAsync(host, first, machine);
        otherLife.ShouldNotBe(life);
        (await first.Audit()).ShouldNotBeNull("both have a state");
        (await second.Audit()).ShouldNotBeNull("both have a state");

        var refused = await Should.ThrowAsync<StateLostException>(() => second.SetCatch(true, new Operation(7, 0, 1, 0, life)).AsTask());

        refused.Grain.ShouldBe($"process m/{pid}");
        refused.Message.ShouldContain(Second);
        refused.Message.ShouldContain($"{life}");
        refused.Message.ShouldContain($"{otherLife}");
        await IsBrokenAsync(machine);
    }

    [Fact]
    public async Task FirstProcess_AskedByWhoKnowsTheSecond_IsRefused()
    {
        await using var host = await StartAsync();
        var machine = await BootAsync(host);
        var (pid, _) = await machine.NewPidAsync();
        var first = host.GrainFactory.GetGrain<IProcessGrain>(Keys.Process(machine.Name, pid));
        await first.Spawn(machine.Context, TaskContext.Default);
        var (_, _, life) = await SpawnAgainAsync(host, first, machine);

        (await Should.ThrowAsync<StateLostException>(() => first.SetCatch(true, new Operation(7, 0, 1, 0, life)).AsTask())).Message.ShouldContain(Second);

        await IsBrokenAsync(machine);
    }

    [Fact]
    public async Task SecondProcess_ThatMaps_IsRefusedByTheMappingOfTheFirst()
    {
        await using var host = await StartAsync();
        var machine = await BootAsync(host);
        var process = await machine.SpawnAsync();
        await LoadedMachine.MapAsync(process, 2);
        var (second, _, _) = await SpawnAgainAsync(host, process.Grain, machine);

        // Its first mapping has the number of the first one of the other.
        var map = new MmapCall(0, Units.PageBytes, Fixed: false, Read: true, Write: true, Shared: false, NoReserve: false, -1, 0, Populate: false);
        (await Should.ThrowAsync<StateLostException>(() => second.Mmap(map, new Operation(7, 0, 1, 0)).AsTask())).Message.ShouldContain(Second);

        await IsBrokenAsync(machine);
    }

    [Fact]
    public async Task SecondMapping_AskedByItsProcess_IsRefused()
    {
        await using var host = await StartAsync();
        var machine = await BootAsync(host);
        var process = await machine.SpawnAsync();
        var address = await LoadedMachine.MapAsync(process, 2);
        await process.Touch(address, 1, write: true, 5);
        var key = Keys.Vma(process.Grain.GetPrimaryKeyString(), 0);
        var page = address / Units.PageBytes;
        var map = new MapVma(
            machine.Context, TaskContext.Default, page, page + 2, 0, key + "/anon_hugepage", null, Anonymous: true, Shared: false, NoReserve: true, ReserveAtMap: true,
            Read: true, Write: true, MayWrite: true);
        var (second, silo, begun) = await BeginAgainAsync(
            host, host.GrainFactory.GetGrain<IVmaGrain>(key), async vma => await vma.Audit() is null, vma => vma.Map(map).AsTask());
        begun.Error.ShouldBe(Errno.None);
        (await second.Audit()).ShouldNotBeNull("the second one has a state, too");

        // The process comes to the silo of the second one and finds it there: its page would be a new, empty one.
        await ComeToAsync(host, process.Grain, silo);

        (await Should.ThrowAsync<StateLostException>(() => process.Touch(address, 1, write: false, 0).AsTask())).Message.ShouldContain($"vma {key} {Second}");
        await IsBrokenAsync(machine);
    }

    [Fact]
    public async Task SecondInode_AskedByItsMapping_IsRefused()
    {
        await using var host = await StartAsync();
        var machine = await BootAsync(host);
        var process = await machine.SpawnAsync();
        var fd = (await process.Open(new OpenCall("A", "f", false, true, false, false))).Fd;
        var address = await LoadedMachine.MapAsync(process, 2, shared: true, fd);
        await process.Touch(address, 1, write: true, 5);
        var vma = host.GrainFactory.GetGrain<IVmaGrain>(Keys.Vma(process.Grain.GetPrimaryKeyString(), 0));
        var key = (await vma.Audit())!.Inode;
        var create = new InodeCreate(machine.Context, null, null, Named: true, 2 * Units.PageBytes);
        var (second, silo, _) = await BeginAgainAsync(
            host, host.GrainFactory.GetGrain<IInodeGrain>(key), async inode => await inode.Audit() is null, inode => inode.Create(create).AsTask());
        (await second.Audit()).ShouldNotBeNull("the second one has a state, too");

        // The page that the file has already would be there a second time.
        await ComeToAsync(host, vma, silo);

        (await Should.ThrowAsync<StateLostException>(() => process.Touch(address + Units.PageBytes, 1, write: true, 6).AsTask())).Message
            .ShouldContain($"inode {key} {Second}");
        await IsBrokenAsync(machine);
    }

    [Fact]
    public async Task SecondMapping_AskedByItsInode_IsRefused()
    {
        await using var host = await StartAsync();
        var machine = await BootAsync(host);
        var process = await machine.SpawnAsync();
        var fd = (await process.Open(new OpenCall("A", "f", false, true, false, false))).Fd;
        var address = await LoadedMachine.MapAsync(process, 2, shared: true, fd);
        await process.Touch(address, 2, write: true, 5);
        var vma = host.GrainFactory.GetGrain<IVmaGrain>(Keys.Vma(process.Grain.GetPrimaryKeyString(), 0));
        var inode = (await vma.Audit())!.Inode;
        var (_, silo, _) = await BeginAgainAsync(host, vma, async vma => await vma.Audit() is null, vma => vma.Expect(machine.Context).AsTask());

        // The inode would take the pages away from the second one, and the first one would keep them.
        await ComeToAsync(host, host.GrainFactory.GetGrain<IInodeGrain>(inode), silo);

        (await Should.ThrowAsync<StateLostException>(() => process.Truncate(fd, 0).AsTask())).Message.ShouldContain($"vma {vma.GetPrimaryKeyString()} {Second}");
        await IsBrokenAsync(machine);
    }

    [Fact]
    public async Task SecondActivation_WithAStore_FindsTheStateTaken()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 4, HasStorage = true });
        var machine = await BootAsync(host);
        var process = await machine.SpawnAsync();
        await host.DeactivateAsync(process.Grain);
        await process.SetCatch(true);
        (await process.Grain.Audit()).ShouldNotBeNull("it was stored and read");

        var refused = await Should.ThrowAsync<StateLostException>(() => BeginAgainAsync(
            host, process.Grain, async process => await process.Audit() is null, process => process.GetTask().AsTask()));

        refused.Message.ShouldContain("The last activation with its state was on silo");
        await IsBrokenAsync(machine);
    }

    // A silo each for the first activation, for two that have called it, and for the second one.
    private static Task<IEngineHost> StartAsync() => EngineHost.StartAsync(new EngineHostOptions { Silos = 4 });

    private static Task<(IProcessGrain Second, string Silo, long Life)> SpawnAgainAsync(IEngineHost host, IProcessGrain process, LoadedMachine machine) => BeginAgainAsync(
        host, process, async process => await process.Audit() is null, process => process.Spawn(machine.Context, TaskContext.Default).AsTask());

    private static async Task<LoadedMachine> BootAsync(IEngineHost host)
    {
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();
        return machine;
    }

    // The directory forgets the grain whose activation lives on, and its life begins again on a silo that does not remember where it was.
    private static async Task<(TGrain Second, string Silo, T Begun)> BeginAgainAsync<TGrain, T>(
        IEngineHost host, TGrain grain, Func<TGrain, Task<bool>> isNew, Func<TGrain, Task<T>> begin)
        where TGrain : IGrainWithStringKey
    {
        var first = await host.SiloOf(grain);
        await host.ForgetActivationAsync(grain);
        foreach (var silo in host.Silos.Where(silo => silo != first))
        {
            var (second, begun) = await host.FromSiloAsync(silo, async grains =>
            {
                var second = grains.GetGrain<TGrain>(grain.GetPrimaryKeyString());
                return await isNew(second) ? (second, await begin(second)) : default;
            });
            if (second is not null)
            {
                return (second, (await host.SiloOf(grain))!, begun);
            }
        }

        throw new InvalidOperationException("every silo remembers where the first activation is");
    }

    private static async Task ComeToAsync(IEngineHost host, IAddressable grain, string silo)
    {
        if (await host.SiloOf(grain) != silo)
        {
            await host.MigrateAsync(grain, silo);
        }
    }

    // The news travels by itself.
    private static async Task IsBrokenAsync(LoadedMachine machine)
    {
        while (true)
        {
            try
            {
                await machine.Hstate.ReadCounters();
            }
            catch (StateLostException)
            {
                break;
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        (await machine.AuditAsync()).ShouldContain(violation => violation.Rule == AuditRules.Lost);
    }
}

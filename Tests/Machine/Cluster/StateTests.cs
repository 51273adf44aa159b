using Hugesim.Abstractions;
using Hugesim.Grains;
using Hugesim.Model;
using Hugesim.Tests.Engine;
using Orleans;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>No state is lost while activations and silos come and go in order.</summary>
public sealed class StateTests
{
    private const int Workers = 3;

    [Fact]
    public async Task IdleCollection_OfAMachineAtRest_LosesNothing()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions());
        var machine = await WorkedMachineAsync(host);
        var before = await machine.Hstate.ReadCounters();

        await host.CollectIdleAsync();

        (await machine.Hstate.ReadCounters()).Free.ShouldBe(before.Free);
        (await machine.AuditAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Deactivation_WithAStore_IsStoredAndReadAgain()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { HasStorage = true });
        var machine = await WorkedMachineAsync(host);

        await host.DeactivateAsync(machine.Machine);
        await host.DeactivateAsync(machine.Hstate);
        await host.DeactivateAsync(machine.Frames(0));

        (await machine.AuditAsync()).ShouldBeEmpty();
        await machine.WorkForAsync(Workers, rounds: 10);
        (await machine.AuditAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Deactivation_WithoutAStore_LosesNothing(int silos)
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = silos });
        var machine = await WorkedMachineAsync(host);
        var process = await machine.SpawnAsync();
        var memory = await LoadedMachine.MapAsync(process, 1);
        await process.Touch(memory, 1, write: true, 7);
        var vma = host.GrainFactory.GetGrain<IVmaGrain>(Keys.Vma(process.Grain.GetPrimaryKeyString(), 0));

        foreach (var grain in new IAddressable[] { machine.Machine, machine.Hstate, machine.Frames(0), process.Grain, vma })
        {
            // There may be no other silo, and the engine may choose the same one again.
            await host.DeactivateAsync(grain);
            (await machine.AuditAsync()).ShouldBeEmpty($"{grain.GetGrainId()}");
            (await process.Touch(memory, 1, write: false, 0)).Values.ShouldBe([7], $"{grain.GetGrainId()}");
        }
    }

    [Fact]
    public async Task Migration_OfEveryGrainAgainAndAgain_LosesNothing()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 3 });
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();
        using var stop = new CancellationTokenSource();
        var load = machine.LoadAsync(Workers, stop.Token);
        for (var i = 0; i < 8 && !load.IsCompleted; i++)
        {
            await machine.ReachAsync(machine.Rounds + 5, load);
            await host.MigrateAllAsync();
        }

        await stop.CancelAsync();
        await load;
        (await machine.AuditAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OrderlyRestart_OfEachSiloInTurnUnderLoad_EndsWithACleanAudit(bool hasStorage)
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 3, HasStorage = hasStorage });
        var machine = new LoadedMachine(host.GrainFactory, "m", host.Calls);
        await machine.BootAsync();
        using var stop = new CancellationTokenSource();
        var load = machine.LoadAsync(Workers, stop.Token);
        foreach (var silo in host.Silos.ToArray())
        {
            await machine.ReachAsync(machine.Rounds + 5, load);
            await host.StopSiloAsync(silo);
            await host.StartSiloAsync();
        }

        await machine.ReachAsync(machine.Rounds + 5, load);
        await stop.CancelAsync();
        await load;
        (await machine.AuditAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Migration_AfterEveryStep_GivesTheSameAnswersAndCounters()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions());
        await using var calm = await EngineHost.StartAsync(new EngineHostOptions { Silos = 1 });
        for (var seed = 0; seed < 4; seed++)
        {
            var (moved, still) = (new LoadedMachine(host.GrainFactory, $"m{seed}"), new LoadedMachine(calm.GrainFactory, $"m{seed}"));
            await moved.BootAsync(nodes: 2);
            await still.BootAsync(nodes: 2);
            var (a, b) = (new RandomSteps(moved, seed), new RandomSteps(still, seed));
            for (var step = 0; step < 20; step++)
            {
                var where = $"seed {seed}, step {step}";
                (await a.StepAsync()).ShouldBe(await b.StepAsync(), where);
                await host.MigrateAllAsync();
                (await moved.DescribeAsync()).ShouldBe(await still.DescribeAsync(), where);
                (await moved.AuditAsync()).ShouldBeEmpty(where);
            }
        }
    }

    private static async Task<LoadedMachine> WorkedMachineAsync(IEngineHost host)
    {
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();
        await machine.WorkForAsync(Workers, rounds: 10);
        return machine;
    }

    /// <summary>Two machines that are given the same seed are asked the same.</summary>
    private sealed class RandomSteps(LoadedMachine machine, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly List<(ProcessCalls Process, long Address)> _mappings = [];

        public async Task<string> StepAsync()
        {
            if (_mappings.Count == 0 || _random.Next(4) == 0)
            {
                var process = await machine.SpawnAsync();
                var shared = _random.Next(2) == 0;
                var fd = _random.Next(3) > 0 ? -1 : (await process.Open(new OpenCall("A", $"x{_random.Next(2)}", false, true, false, false))).Fd;
                _mappings.Add((process, await LoadedMachine.MapAsync(process, 4, shared, fd)));
                return "mapped";
            }

            var (owner, address) = _mappings[_random.Next(_mappings.Count)];
            var page = address + _random.Next(4) * Units.PageBytes;
            switch (_random.Next(6))
            {
                case 0:
                    var (pid, child) = await machine.NewPidAsync();
                    await owner.Fork(pid);
                    _mappings.Add((child, address));
                    return $"fork {pid}";
                case 1:
                    return $"munmap {await owner.Munmap(page, Units.PageBytes)}";
                case 2:
                    return $"protect {await owner.Mprotect(page, Units.PageBytes, read: true, write: _random.Next(2) == 0)}";
                case 3:
                    return $"move {await owner.MovePage(page, _random.Next(2))}";
                default:
                    await owner.SetCatch(true);
                    var touched = await owner.Touch(page, 1, _random.Next(2) == 0, _random.Next(100));
                    return $"touch {touched.Signal} {touched.Code} {string.Join(',', touched.Values)}";
            }
        }
    }
}

using Hugesim.Tests.Engine;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>Calls to hstate, subpools and frames are lost before and after they are carried out, and carried out twice: what was asked once is done once.</summary>
public sealed class LostCallTests
{
    [Fact]
    public async Task Calls_LostAndTwice_AreDoneOnce()
    {
        var faults = new MessageFaults(
            seed: 1, percent: 6, "IHstateGrain.Reserve", "IHstateGrain.Unreserve", "IHstateGrain.Alloc", "IHstateGrain.Free", "IHstateGrain.Boot",
            "ISubpoolGrain.Get", "ISubpoolGrain.Put", "ISubpoolGrain.Create", "ISubpoolGrain.Undo",
            "IFramesGrain.Take", "IFramesGrain.Share", "IFramesGrain.Put", "IFramesGrain.TryReuse", "IFramesGrain.Store", "IFramesGrain.Boot");
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 3, Faults = faults });
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync(nodes: 2);

        await machine.WorkForAsync(workers: 4, rounds: 60);

        (await machine.AuditAsync()).ShouldBeEmpty();
        foreach (var fault in new[] { CallFault.LoseRequest, CallFault.LoseAnswer, CallFault.Duplicate })
        {
            faults.Count(fault).ShouldBeGreaterThan(5, $"{fault}");
        }
    }
}

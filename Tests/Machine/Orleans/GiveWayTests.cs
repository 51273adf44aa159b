using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Tests.Engine;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>
/// A mapping that has to go takes no message any more, also none from its inode; its fault waits for the inode, and the inode's truncate for the mapping. Where
/// calls meet is decided by a filter that holds them up, not by time.
/// </summary>
public sealed class GiveWayTests
{
    // Only to fail: without the inode giving way it would take for ever.
    private static readonly TimeSpan s_forEver = TimeSpan.FromMinutes(3);

    private readonly TaskCompletionSource _mappingGoes = New();
    private readonly TaskCompletionSource _faultHasBegun = New();
    private readonly TaskCompletionSource _truncateHasBegun = New();
    private int _restarts;

    public enum Cut
    {
        Truncate,
        PunchHole,
    }

    [Theory]
    [InlineData(Cut.Truncate)]
    [InlineData(Cut.PunchHole)]
    public async Task Cut_OfAFileWhoseMappingFaultsAndIsToMove_GivesWayAndIsDone(Cut cut)
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 2, BeforeCall = BeforeCall, AfterCall = AfterCall });
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();
        var (mapper, cutter) = (await machine.SpawnAsync(), await machine.SpawnAsync());
        var file = new OpenCall("A", "f", ReadOnly: false, Create: true, Exclusive: false, Truncate: false);
        var fd = (await mapper.Open(file)).Fd;
        var address = await LoadedMachine.MapAsync(mapper, 4, shared: true, fd);
        var cutterFd = (await cutter.Open(file)).Fd;

        // The fault is on its way to the inode, which begins to cut before it arrives, and asks the mapping when that is on its way out.
        var touch = mapper.Touch(address, 1, write: true, 7).AsTask();
        await _faultHasBegun.Task.WaitAsync(s_forEver, TestContext.Current.CancellationToken);
        var cutting = (cut == Cut.Truncate
            ? cutter.Truncate(cutterFd, 2 * Units.PageBytes)
            : cutter.Fallocate(cutterFd, 2 * Units.PageBytes, 2 * Units.PageBytes, keepSize: true, punch: true)).AsTask();

        (await cutting.WaitAsync(s_forEver, TestContext.Current.CancellationToken)).ShouldBe(Errno.None);
        (await touch.WaitAsync(s_forEver, TestContext.Current.CancellationToken)).Signal.ShouldBe(0);
        _restarts.ShouldBeGreaterThan(0, "the inode has given its turn away");
        (await mapper.Touch(address, 1, write: false, 0)).Values.ShouldBe([7]);
        (await machine.AuditAsync()).ShouldBeEmpty();
    }

    private async Task BeforeCall(string method, IGrainContext? caller)
    {
        if (method is "IInodeGrain.FaultShared")
        {
            _faultHasBegun.TrySetResult();
            await _truncateHasBegun.Task;
            caller!.Migrate(new Dictionary<string, object> { [IPlacementDirector.PlacementHintKey] = Elsewhere(caller) }, TestContext.Current.CancellationToken);
            _mappingGoes.TrySetResult();
        }
        else if (method is "IVmaGrain.UnmapFile")
        {
            _truncateHasBegun.TrySetResult();
            await _mappingGoes.Task;
        }
    }

    private static SiloAddress Elsewhere(IGrainContext grain) => grain.ActivationServices.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members.Keys
        .First(silo => !silo.Equals(grain.Address.SiloAddress));

    private void AfterCall(string method, object? answer)
    {
        if (method is ("IInodeGrain.Truncate" or "IInodeGrain.PunchHole") && answer is Errno.ERESTARTSYS)
        {
            Interlocked.Increment(ref _restarts);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Model;
using Hugesim.Tests.Engine;
using Orleans;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>A silo that is lost without a store: whoever asks is told what is gone, and nobody gets a wrong number.</summary>
public sealed class LossTests
{
    [Fact]
    public async Task Crash_OfEachSiloUnderLoad_GivesErrorsAndNeverAWrongCounter()
    {
        await using var host = await StartAsync();
        for (var i = 0; i < 2; i++)
        {
            var machine = new LoadedMachine(host.GrainFactory, $"m{i}");
            await machine.BootAsync();

            // The machine grain is elsewhere: with all of it gone there would be nobody left to say so.
            await MoveApartAsync(host, machine, machine.Machine);
            using var stop = new CancellationTokenSource();
            var load = machine.LoadAsync(workers: 4, stop.Token);
            await machine.ReachAsync(5, load);
            var victim = (await host.SiloOf(machine.Frames(0)))!;

            await host.KillSiloAsync(victim);

            // The memory of the machine is gone: every worker comes to it.
            var failure = await Should.ThrowAsync<Exception>(() => load.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
            (failure is StateLostException or SiloUnavailableException or OrleansMessageRejectionException or TimeoutException).ShouldBeTrue(failure.ToString());
            await stop.CancelAsync();
            await IsBrokenAsync(host, machine);
            await host.StartSiloAsync();
        }
    }

    [Fact]
    public async Task Hstate_LostWithItsSilo_SaysSoAndBreaksTheMachine()
    {
        await using var host = await StartAsync();
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();
        await MoveApartAsync(host, machine, machine.Hstate);
        var victim = (await host.SiloOf(machine.Hstate))!;

        await host.KillSiloAsync(victim);

        var failure = await LossOfAsync(() => machine.Hstate.ReadCounters().AsTask());
        failure.Grain.ShouldBe("hstate m/2048kB");
        failure.Machine.ShouldBe("m");
        failure.Message.ShouldContain(victim);
        await EventuallyThrowsAsync(() => machine.Machine.NextPid().AsTask(), "hstate m/2048kB");
        await EventuallyThrowsAsync(() => machine.Frames(0).Load([]).AsTask(), "hstate m/2048kB");
        var found = await machine.AuditAsync();
        found.ShouldContain(violation => violation.Rule == AuditRules.Lost && violation.Grains.Contains("hstate m/2048kB"));
    }

    [Fact]
    public async Task Machine_LostWithItsSilo_BreaksThePool()
    {
        await using var host = await StartAsync();
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();
        await MoveApartAsync(host, machine, machine.Machine);

        await host.KillSiloAsync((await host.SiloOf(machine.Machine))!);

        (await LossOfAsync(() => machine.Machine.NextPid().AsTask())).Grain.ShouldBe("machine m");
        await EventuallyThrowsAsync(() => machine.Hstate.ReadCounters().AsTask(), "machine m");
        (await machine.AuditAsync()).ShouldHaveSingleItem().Rule.ShouldBe(AuditRules.Lost);
    }

    [Fact]
    public async Task Calls_ToGrainsThatNeverWere_BreakNoMachine()
    {
        await using var host = await StartAsync();
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();

        await Should.ThrowAsync<StateLostException>(() => host.GrainFactory.GetGrain<IProcessGrain>("m/99").Munmap(0, Units.PageBytes).AsTask());
        await Should.ThrowAsync<StateLostException>(() => host.GrainFactory.GetGrain<IHstateGrain>("other/2048kB").ReadCounters().AsTask());

        await machine.WorkForAsync(workers: 1, rounds: 2);
        (await machine.AuditAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Boot_OfABrokenMachine_BeginsANewLife()
    {
        await using var host = await StartAsync();
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();
        await host.KillSiloAsync((await host.SiloOf(machine.Hstate))!);
        await LossOfAsync(() => machine.Hstate.ReadCounters().AsTask());

        var again = new LoadedMachine(host.GrainFactory, "m2");
        await again.BootAsync();
        await again.WorkForAsync(workers: 2, rounds: 4);
        (await again.AuditAsync()).ShouldBeEmpty();
    }

    private static Task<IEngineHost> StartAsync() =>
        EngineHost.StartAsync(new EngineHostOptions { Silos = 3, ResponseTimeout = TimeSpan.FromSeconds(10), NodesOf = silo => $"{(silo + 1) % 3}" });

    private static async Task MoveApartAsync(IEngineHost host, LoadedMachine machine, IAddressable one)
    {
        var home = (await host.SiloOf(machine.Frames(0)))!;
        var (here, there) = (host.Silos.First(silo => silo != home), home);
        foreach (var grain in new IAddressable[] { machine.Machine, machine.Hstate, machine.Frames(0) })
        {
            var target = ReferenceEquals(grain, one) || grain.GetGrainId() == one.GetGrainId() ? here : there;
            if (await host.SiloOf(grain) != target)
            {
                await host.MigrateAsync(grain, target);
            }
        }
    }

    private static async Task IsBrokenAsync(IEngineHost host, LoadedMachine machine)
    {
        await EventuallyThrowsAsync(() => machine.Hstate.ReadCounters().AsTask(), "");
        var found = await machine.AuditAsync();
        found.ShouldContain(violation => violation.Rule == AuditRules.Lost, string.Join(Environment.NewLine, found));
        (await machine.Hstate.ReadCounters().AsTask().ContinueWith(counters => counters.IsFaulted, TaskScheduler.Default)).ShouldBeTrue();
        host.Silos.Count.ShouldBe(2);
    }

    // For a moment messages may still be on their way to the silo that is gone. Whatever is answered, it is never a number.
    private static async Task<StateLostException> LossOfAsync(Func<Task> call)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await call();
                throw new InvalidOperationException("a grain that was lost has answered");
            }
            catch (StateLostException lost)
            {
                return lost;
            }
            catch (Exception failure) when (attempt < 500 && IsOnItsWay(failure))
            {
                await Task.Delay(10);
            }
        }
    }

    // The news of a loss travels by itself.
    private static async Task EventuallyThrowsAsync(Func<Task> call, string grain)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await call();
            }
            catch (StateLostException lost)
            {
                lost.Grain.ShouldContain(grain);
                return;
            }
            catch (Exception failure) when (IsOnItsWay(failure))
            {
                // As above.
            }

            attempt.ShouldBeLessThan(500, $"nobody says that {grain} is lost");
            await Task.Delay(10);
        }
    }

    private static bool IsOnItsWay(Exception failure) => failure is SiloUnavailableException or OrleansMessageRejectionException or TimeoutException;
}

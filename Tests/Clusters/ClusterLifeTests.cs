using System.Diagnostics;
using Hugesim.Silo;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>How clusters on this machine begin, lose silos and end. Each test has one of its own.</summary>
public sealed class ClusterLifeTests : IAsyncLifetime
{
    private readonly HugesimProgram _program = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _program.DisposeAsync();

    [Fact]
    public async Task Foreground_ParentKilled_LeavesNoProcess()
    {
        using var up = await UpAsync(2);
        _program.Leftovers().Count.ShouldBe(SiloProcess.IsSupported ? 2 : 0);

        up.Kill();

        (await _program.LeftoversSoonAsync()).ShouldBeEmpty();
        var (code, output, _) = await _program.RunAsync("cluster", "status");
        code.ShouldBe(0);
        output.ShouldContain($"local  gone: process {up.Id} has ended without a word");
        (await _program.RunAsync("cluster", "status")).Output.ShouldContain("no clusters");
    }

    [Fact]
    public async Task Silos_CrashedAndStartedAgain_TakeMachinesThroughout()
    {
        using var up = await UpAsync(2);

        var crashed = await _program.RunAsync("cluster", "crash", "silo-1");
        crashed.ExitCode.ShouldBe(0, crashed.Error);
        crashed.Output.ShouldContain("silo-1   crashed");
        await RunsAsync();

        var started = await _program.RunAsync("cluster", "start", "silo-1");
        started.ExitCode.ShouldBe(0, started.Error);
        started.Output.ShouldContain("silo-1   ready");
        await RunsAsync();

        var down = await _program.RunAsync("cluster", "down");
        down.ShouldBe((0, "cluster local has ended\n", ""));
        await HugesimProgram.EndOf(up);
        up.ExitCode.ShouldBe(0);
        (await _program.LeftoversSoonAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_ClusterEndsInTheMiddle_KeepsWhatWasShownAndFails()
    {
        using var up = await UpAsync(1);
        using var run = _program.Start("run", "--cluster", "local", "-");
        await run.StandardInput.WriteAsync("pool 4\n".AsMemory(), TestContext.Current.CancellationToken);
        await run.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        var first = await run.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        var second = await run.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);

        up.Kill();
        await _program.LeftoversSoonAsync();
        await run.StandardInput.WriteAsync("proc p\n".AsMemory(), TestContext.Current.CancellationToken);
        run.StandardInput.Close();
        await HugesimProgram.EndOf(run);

        $"{first}\n{second}".ShouldContain("nr 0 -> 4");
        run.ExitCode.ShouldBe(3);
        (await run.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldContain("cluster local");
    }

    [Theory]
    [InlineData("crash", 3)]
    [InlineData("stop", 0)]
    public async Task Silo_OfTheFramesEndsInTheMiddle_LosesTheMachineOnlyIfItCrashed(string action, int exitCode)
    {
        using var up = await UpAsync(2);
        using var run = _program.Start("run", "--cluster", "local", "--format", "recording", "-");
        await run.StandardInput.WriteAsync("pool 4\nproc p\np mmap m 3 private\np w m 0\n".AsMemory(), TestContext.Current.CancellationToken);
        await run.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 8; i++)
        {
            (await run.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldNotBeNull();
        }

        // It owns node 0, the only one that the machine has.
        var ended = await _program.RunAsync("cluster", action, "silo-1");
        ended.ExitCode.ShouldBe(0, ended.Error);
        await run.StandardInput.WriteAsync("p w m 1\n".AsMemory(), TestContext.Current.CancellationToken);
        run.StandardInput.Close();
        await HugesimProgram.EndOf(run);

        var (output, error) = (await run.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), await run.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        run.ExitCode.ShouldBe(exitCode, output + error);
        if (exitCode == 0)
        {
            output.ShouldContain("= end (all processes killed, shm removed, unmounted) | nr=4 free=4 resv=0");
        }
        else
        {
            // Before the cluster has noticed, a call to the lost silo is not answered; after, the machine is known to be broken. Never a number.
            error.ShouldMatch("the machine is broken, because a silo that held a part of it has gone|cluster local has not answered");
            output.ShouldNotContain("< ");
        }
    }

    private async Task RunsAsync()
    {
        var scenario = Path.Combine(_program.StateFolder, "scenario.txt");
        await File.WriteAllTextAsync(scenario, "pool 4\nproc p\np mmap m 3 private\np w m 0..2\n");
        var (code, output, error) = await _program.RunAsync("run", "--cluster", "local", "--format", "recording", scenario);
        code.ShouldBe(0, output + error);
        output.ShouldContain("= end (all processes killed, shm removed, unmounted) | nr=4 free=4 resv=0");
    }

    private async Task<Process> UpAsync(int silos)
    {
        var up = _program.Start("cluster", "up", "--silos", $"{silos}");
        while (await up.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("ready;", StringComparison.Ordinal))
            {
                return up;
            }
        }

        throw new InvalidOperationException(await up.StandardError.ReadToEndAsync());
    }
}

using System.Diagnostics;
using Hugesim.Cli;
using Hugesim.Fuzzing;
using Hugesim.Kernel;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Tests.Libhugetlbfs;
using Hugesim.Tests.Scenarios;
using Hugesim.Tests.Support;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Kernel;

/// <summary>The kernel of this machine; only where HUGESIM_LIVE_KERNEL=1 asks for it, since it resizes the machine's pool.</summary>
public sealed class LiveKernelTests
{
    private const string Switch = "HUGESIM_LIVE_KERNEL";

    private static readonly SystemKernelEnvironment Environment = new();

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Kernel_Scenario_LeavesThePoolAsFound()
    {
        SkipUnlessLive();
        using var console = new TestConsole("pool 4\nmount A size=2\nproc p\np mmap m 3 private\np fork c\np w m 0\ncgnew L\np memfd f\np shmget S 1\n");

        var exitCode = await console.RunAsync("kernel", "--format", "recording", "-");

        SkipIfTaken(console.ErrorText);
        exitCode.ShouldBe(ExitCodes.Success);
        console.OutputText.ShouldContain("> p mmap m 3 private\n< ok | nr=4 free=4 resv=3 ");
        ShouldBeClean();
    }

    [Fact]
    public async Task Kernel_LeakedReservation_IsRepairedAndReported()
    {
        SkipUnlessLive();
        using var console = new TestConsole("pool 4\nmount A size=10 min_size=1\nproc p\np open f A/x\np mmap s 6 shared fd=f\n");

        var exitCode = await console.RunAsync("kernel", "-");

        SkipIfTaken(console.ErrorText);
        exitCode.ShouldBe(ExitCodes.Success);
        if (console.OutputText.Contains("LEAK", StringComparison.Ordinal))
        {
            console.ErrorText.ShouldContain("repaired");
        }

        ShouldBeClean();
    }

    [Fact]
    public async Task Kernel_CancelledInTheMiddle_CleansUp()
    {
        SkipUnlessLive();
        using var stop = new CancellationTokenSource();
        var host = new KernelHost();
        await using (var machine = await StartAsync(host, KernelRunOptions.Default, stop.Token))
        {
            await foreach (var item in WellFormedScenario.ReadAsync(["pool 4", "mount A", "proc p", "p mmap m 2 private", "p w m 0"], "s"))
            {
                await machine.ExecuteAsync(((ScenarioStep)item).Command, CancellationToken.None);
            }

            await stop.CancelAsync();
        }

        ShouldBeClean();
    }

    [Fact]
    public async Task Kernel_ProgramKilled_LeavesThePoolAsFound()
    {
        SkipUnlessLive();
        var program = Path.Combine(AppContext.BaseDirectory, "hugesim.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, "kernel", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await process.StandardInput.WriteAsync("pool 4\nmount A\nproc p\np mmap m 3 private\np w m 0\n");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        await Until(() => Environment.ReadPool("free_hugepages") == 3 || process.HasExited);
        SkipIfTaken(process.HasExited ? await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken) : "");

        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        await Until(() => Environment.ReadPool("nr_hugepages") == 0 && !File.ReadAllText("/proc/mounts").Contains("/hugesim-", StringComparison.Ordinal));
        ShouldBeClean();
    }

    [Fact]
    public async Task Kernel_PoolLargerThanMemory_IsRefused()
    {
        SkipUnlessLive();
        using var console = new TestConsole("pool 10000000\n");

        var exitCode = await console.RunAsync("kernel", "-");

        SkipIfTaken(console.ErrorText);
        exitCode.ShouldBe(ExitCodes.BadInput);
        console.ErrorText.ShouldContain("not enough memory for 10000000 huge pages");
        ShouldBeClean();
    }

    [Fact]
    public async Task Fuzz_FewScenarios_AgreeWithTheSimulator()
    {
        SkipUnlessLive();
        var profile = NearestProfile.For(Environment.Release, TestConsole.Profiles);
        var run = KernelRunOptions.Default with { StuckAfter = TimeSpan.FromSeconds(1) };
        var trial = new ComparisonTrial(async (seed, token) => (
            await StartAsync(new KernelHost(), run, token),
            await TestMachines.Factory.CreateAsync(new MachineOptions(profile, Environment.Nodes, "parallel", seed, 1), token)));
        var fuzzer = new ScenarioFuzzer(trial, steps: 40, Environment.Nodes);

        foreach (var seed in Enumerable.Range((int)(Properties.NextSeed() % (int.MaxValue / 2)), 40))
        {
            var finding = await fuzzer.NextAsync(seed, TestContext.Current.CancellationToken);
            finding.ShouldBeNull($"{Properties.SeedVariable}={seed}\n{finding?.Text}");
        }

        ShouldBeClean();
    }

    [Fact]
    public async Task R29_SuiteScenarios_OnThisKernel_HaveTheSuitesVerdict()
    {
        SkipUnlessLive();
        var profile = KernelProfiles.Get(NearestProfile.For(Environment.Release, TestConsole.Profiles));
        var host = new KernelHost();
        foreach (var scenario in SuiteScenario.Names.Select(SuiteScenario.Read).Where(scenario => scenario.AppliesTo(profile)))
        {
            await using var machine = await StartAsync(host, KernelRunOptions.Default, TestContext.Current.CancellationToken);
            var failures = await scenario.RunAsync(machine);
            failures.ShouldBeEmpty(string.Join('\n', failures));
        }

        ShouldBeClean();
    }

    private static async Task Until(Func<bool> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!holds() && clock.Elapsed < Patience)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static async ValueTask<IScenarioMachine> StartAsync(KernelHost host, KernelRunOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await host.StartAsync(options, cancellationToken);
        }
        catch (KernelRefusedException exception)
        {
            SkipIfTaken(exception.Message);
            throw;
        }
    }

    // There is one pool; who else tests on it is not a fault of the program.
    private static void SkipIfTaken(string message) => Assert.SkipWhen(
        message.Contains("another recorder is using the pool", StringComparison.Ordinal) || message.Contains("pool of huge pages is in use", StringComparison.Ordinal)
            || message.Contains("the pool is in use", StringComparison.Ordinal),
        $"somebody else uses this machine's pool of huge pages: {message}");

    private static void SkipUnlessLive()
    {
        Assert.SkipUnless(System.Environment.GetEnvironmentVariable(Switch) == "1", $"resizes this machine's pool of huge pages; ask for it with {Switch}=1");
        var refusal = KernelPreconditions.Check(Environment, force: false);
        Assert.SkipUnless(refusal is null, refusal?.Message ?? "");
    }

    private static void ShouldBeClean()
    {
        Environment.ReadPool("nr_hugepages").ShouldBe(0);
        Environment.ReadPool("resv_hugepages").ShouldBe(0);
        Environment.ReadPool("nr_overcommit_hugepages").ShouldBe(0);
        File.ReadAllText("/proc/mounts").ShouldNotContain("/hugesim-");
    }
}

using Hugesim.Cli;
using Hugesim.Kernel;
using Hugesim.Model;
using Hugesim.Tests.Scenarios;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Plan;

/// <summary>Plans that the kernel of this machine has to confirm; only where HUGESIM_LIVE_KERNEL=1 asks for it, since it resizes the machine's pool.</summary>
public sealed class LivePlanTests
{
    [Theory]
    [InlineData("postgres", "20", "postmaster0 mmap shm 71 shared\n< ENOMEM")]
    [InlineData("redis", "4", "snapshot3 r heap 24..31\n< killed by SIGBUS at page 31")]
    public async Task Plan_OfAWorkload_IsEnoughOnTheRealKernelAndOneLessIsNot(string workload, string processes, string failure)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("HUGESIM_LIVE_KERNEL") == "1", "HUGESIM_LIVE_KERNEL is not 1");
        var kernel = new KernelHost();
        var refusal = kernel.Check(force: false);
        Assert.SkipWhen(refusal is not null, refusal?.Message ?? "");
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "plan.txt");
        var profile = NearestProfile.For(kernel.Release, [.. KernelProfiles.All.Select(p => p.Name)]);
        using var planning = new TestConsole();
        (await planning.RunAsync(TestMachines.Factory, "plan", workload, "--processes", processes, "--profile", profile, "--scenario-out", file))
            .ShouldBe(ExitCodes.Success, planning.ErrorText);

        var enough = await RunAsync(file);
        enough.ShouldNotContain("\n< ENOMEM");
        enough.ShouldNotContain("SIGBUS");
        (await RunAsync(Path.Combine(folder.Path, "plan.less.txt"))).ShouldContain(failure);
    }

    private static async Task<string> RunAsync(string file)
    {
        using var console = new TestConsole { CancellationToken = TestContext.Current.CancellationToken };
        var exitCode = await console.RunAsync("kernel", "--format", "recording", file);
        Assert.SkipWhen(console.ErrorText.Contains("in use") || console.ErrorText.Contains("using the pool"), "somebody else uses the pool");
        exitCode.ShouldBe(ExitCodes.Success, console.ErrorText);
        return console.OutputText;
    }
}

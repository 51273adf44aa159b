using Hugesim.Cli;
using Hugesim.Kernel;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Kernel;

/// <summary>What must hold before scenarios run on the machine's kernel.</summary>
public sealed class KernelPreconditionsTests
{
    private static readonly FakeEnvironment Good = new();

    /// <summary>Each condition, broken, and a part of what the user is told.</summary>
    public static TheoryData<string, string, string> Broken => new()
    {
        { "not Linux", "this is not Linux", "hugesim run FILE" },
        { "not root", "only root", "sudo" },
        { "no compiler", "no C compiler", "apt-get install gcc" },
        { "no pool", "hugepages-2048kB", "CONFIG_HUGETLB_PAGE" },
        { "no hugetlbfs", "no file system hugetlbfs", "CONFIG_HUGETLBFS" },
        { "pool", "in use: nr_hugepages=4", "--force" },
        { "overcommit", "nr_overcommit_hugepages=2", "--force" },
        { "leak", "resv_hugepages=-1", "restart the machine" },
        { "no memory", "not enough memory", "hugesim run" },
    };

    [Fact]
    public void Check_MachineWithEverything_RefusesNothing() => KernelPreconditions.Check(Good, force: false).ShouldBeNull();

    [Theory]
    [MemberData(nameof(Broken))]
    public void Check_BrokenCondition_SaysWhatIsWrongAndWhatToDo(string what, string message, string hint)
    {
        var refusal = KernelPreconditions.Check(Without(what), force: false);

        refusal.ShouldNotBeNull().Message.ShouldContain(message);
        refusal.Hint.ShouldContain(hint);
    }

    [Theory]
    [InlineData("pool")]
    [InlineData("overcommit")]
    [InlineData("leak")]
    public void Check_PoolInUseWithForce_RefusesNothing(string what) => KernelPreconditions.Check(Without(what), force: true).ShouldBeNull();

    [Fact]
    public void CheckMemory_PoolLargerThanMemory_IsRefused()
    {
        KernelPreconditions.CheckMemory(Good, 1000).ShouldBeNull();
        KernelPreconditions.CheckMemory(Good, 16L << 20).ShouldNotBeNull().Message.ShouldContain("this machine can spare");
    }

    [Theory]
    [InlineData("kernel")]
    [InlineData("diff")]
    public async Task Command_NotRoot_ExitsWithBadInputAndAHint(string command)
    {
        using var console = new TestConsole { Kernel = new KernelHost(Without("not root")) };

        var exitCode = await console.RunAsync(command, "scenario.txt");

        exitCode.ShouldBe(ExitCodes.BadInput);
        console.ErrorText.ShouldBe("hugesim: only root can change the pool of huge pages and mount hugetlbfs\n  hint: run it with sudo\n");
        console.OutputText.ShouldBeEmpty();
    }

    [Fact]
    public async Task Fuzz_PoolInUse_ExitsWithBadInput()
    {
        using var console = new TestConsole { Kernel = new KernelHost(Without("pool")) };

        (await console.RunAsync("fuzz", "--count", "1")).ShouldBe(ExitCodes.BadInput);

        console.ErrorText.ShouldContain("the pool of huge pages is in use");
    }

    private static FakeEnvironment Without(string what) => what switch
    {
        "not Linux" => Good with { IsLinux = false },
        "not root" => Good with { IsRoot = false },
        "no compiler" => Good with { Compiler = null },
        "no pool" => Good with { Pool = new Dictionary<string, long>() },
        "no hugetlbfs" => Good with { HasHugetlbfs = false },
        "pool" => WithPool("nr_hugepages", 4),
        "overcommit" => WithPool("nr_overcommit_hugepages", 2),
        "leak" => WithPool("resv_hugepages", -1),
        _ => Good with { Available = 128L << 20 },
    };

    private static FakeEnvironment WithPool(string counter, long value) =>
        Good with { Pool = new Dictionary<string, long>(Good.Pool) { [counter] = value } };
}

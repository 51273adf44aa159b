using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Scenarios;
using Hugesim.Tests.Scenarios;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Plan;

public sealed class PlanCommandTests
{
    [Fact]
    public async Task Plan_Postgres_IsWhatPostgresSaysItNeeds()
    {
        // The recorded server says itself that it needs 71 pages, starts with 90 and refuses to start with 70.
        var plan = await JsonAsync("postgres", "--processes", "6");
        var pool = plan.GetProperty("pool")[0];
        pool.GetProperty("pages").GetInt64().ShouldBe(71);
        var oneLess = pool.GetProperty("one_less");
        oneLess.GetProperty("process").GetString().ShouldBe("postmaster0");
        oneLess.GetProperty("command").GetString().ShouldBe("postmaster0 mmap shm 71 shared");
        oneLess.GetProperty("answer").GetString().ShouldBe("ENOMEM");
        plan.GetProperty("overcommit").GetProperty("pages").GetInt64().ShouldBe(71);
        plan.GetProperty("not_monotone_at").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Plan_Redis_HasRoomForEveryCopyOfTheHeap()
    {
        var plan = await JsonAsync("redis", "--processes", "2");
        var pool = plan.GetProperty("pool")[0];

        // Two heaps of 32 pages, and a copy of each.
        pool.GetProperty("pages").GetInt64().ShouldBe(128);
        var oneLess = pool.GetProperty("one_less");
        oneLess.GetProperty("process").GetString().ShouldBe("snapshot1");
        oneLess.GetProperty("answer").GetString()!.ShouldStartWith("killed by SIGBUS");
    }

    [Theory]
    [InlineData("proc p\np mmap a 5 private\np mmap b 3 shared\np munmap a\np mmap c 4 private\n", 8)]
    [InlineData("pool 2\nproc p\np mmap a 5 private\np w a 0..4\np fork c\np w a 0..4\nc w a 0..4\n", 10)]
    [InlineData("proc p\np mmap a 5 private noreserve\np w a 0..2\n", 3)]
    [InlineData("proc p\np mmap a 5 private ro\np exit\n", 5)]
    [InlineData("mount A min_size=7\nproc p\np open f A/x\np mmap a 3 shared fd=f\n", 7)]
    [InlineData("proc p\np shmget s 6\np shmat m s\np fork c\nc w m 0..5\n", 6)]
    [InlineData("proc p\n", 0)]
    public async Task Plan_Scenario_FindsItsPeak(string scenario, long pages)
    {
        using var folder = new TemporaryFolder();
        var plan = await JsonAsync(folder.Write("s.txt", scenario));
        var pool = plan.GetProperty("pool")[0];
        pool.GetProperty("pages").GetInt64().ShouldBe(pages);
        pool.GetProperty("one_less").ValueKind.ShouldBe(pages == 0 ? JsonValueKind.Null : JsonValueKind.Object);
    }

    [Fact]
    public async Task Plan_SeveralNodes_AreEachAsSmallAsCanBe()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("numa.txt", "proc p\np mempolicy bind 1\np mmap a 5 private\np w a 0..4\np mempolicy bind 0\np mmap b 2 private\np w b 0..1\n");
        var plan = await JsonAsync(file, "--nodes", "2");
        plan.GetProperty("pool").EnumerateArray().Select(node => node.GetProperty("pages").GetInt64()).ShouldBe([2, 5]);
    }

    [Fact]
    public async Task Plan_Mount_NeedsItsPeakAsMinSizeAndNotOneLess()
    {
        using var folder = new TemporaryFolder();
        const string OnMount = "proc p\np open f A/x\np mmap a 3 shared fd=f\np mmap b 2 private fd=f\np w b 0\np munmap b\n";
        var plan = await JsonAsync(folder.Write("m.txt", "mount A\n" + OnMount));
        var mount = plan.GetProperty("mounts")[0];
        mount.GetProperty("name").GetString().ShouldBe("A");
        var minSize = mount.GetProperty("pages").GetInt64();
        minSize.ShouldBe(5);

        // With that reserve the rest of the pool may be in use by somebody else; with one page less it may not.
        var hog = $"proc hog\nhog mmap all {{0}} private\n";
        (await RunAsync($"pool {minSize + 9}\nmount A min_size={minSize}\n" + string.Format(null, hog, 9) + OnMount)).ShouldNotContain("ENOMEM");
        (await RunAsync($"pool {minSize + 9}\nmount A min_size={minSize - 1}\n" + string.Format(null, hog, 10) + OnMount)).ShouldContain("ENOMEM");
    }

    [Fact]
    public async Task Plan_NoPoolIsEnough_SaysWhy()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("s.txt", "mount A size=2\nproc p\np open f A/x\np mmap a 3 shared fd=f\n");
        using var console = new TestConsole();
        (await console.RunAsync(TestMachines.Factory, "plan", file)).ShouldBe(ExitCodes.Differs);
        console.OutputText.ShouldContain("no pool is enough");
        console.OutputText.ShouldContain($"{file}:4: p mmap a 3 shared fd=f: p: ENOMEM");
    }

    [Fact]
    public async Task Plan_ReserveInPercent_GrowsWithThePool()
    {
        using var folder = new TemporaryFolder();
        var plan = await JsonAsync(folder.Write("s.txt", "pool 4\nmount A min_size=50%\nproc p\np mmap a 6 private\n"));
        plan.GetProperty("pool")[0].GetProperty("pages").GetInt64().ShouldBe(11);
    }

    [Fact]
    public async Task Plan_LargerPoolThatIsNotEnough_IsSaidNotToBeMonotone()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("s.txt", "pool 4\nproc p\np mmap a 5 private\n");
        using var console = new TestConsole();
        var odd = new ScriptedMachineFactory(_ => new OddMachine());
        (await console.RunAsync(odd, "plan", file)).ShouldBe(ExitCodes.Success);
        console.OutputText.ShouldContain("5 huge pages");
        console.OutputText.ShouldContain("NO: with 7 pages it is the other way round");
    }

    [Fact]
    public async Task Plan_ScenarioOut_IsEnoughAndOneLessIsNot()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "redis.txt");
        await JsonAsync("redis", "--processes", "2", "--scenario-out", file);
        var cancellation = TestContext.Current.CancellationToken;
        (await RunAsync(await File.ReadAllTextAsync(file, cancellation))).ShouldNotContain("SIGBUS");
        (await RunAsync(await File.ReadAllTextAsync(Path.Combine(folder.Path, "redis.less.txt"), cancellation))).ShouldContain("snapshot1 r heap 24..31\n< killed by SIGBUS");
    }

    [Theory]
    [InlineData("churn")]
    [InlineData("dpdk")]
    [InlineData("jvm")]
    [InlineData("mixed")]
    [InlineData("shm")]
    public async Task Plan_OtherWorkloads_HaveAWorstCaseThatAPoolIsEnoughFor(string workload)
    {
        var plan = await JsonAsync(workload, "--processes", "6");
        plan.GetProperty("possible").GetBoolean().ShouldBeTrue();
        plan.GetProperty("not_monotone_at").GetArrayLength().ShouldBe(0);
        plan.GetProperty("pool").EnumerateArray().Sum(node => node.GetProperty("pages").GetInt64()).ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("proc p\np mnap a 5 private\n", ":2:3: unknown command 'mnap'")]
    [InlineData("process p 1\n  start\n    mmap a\n", ":3:11: the length is missing")]
    public async Task Plan_WrongInput_IsShownWithItsPlace(string text, string message)
    {
        using var folder = new TemporaryFolder();
        using var console = new TestConsole();
        (await console.RunAsync(TestMachines.Factory, "plan", folder.Write("x.txt", text))).ShouldBe(ExitCodes.BadInput);
        console.ErrorText.ShouldContain(message);
    }

    private static async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        using var console = new TestConsole { CancellationToken = TestContext.Current.CancellationToken };
        (await console.RunAsync(TestMachines.Factory, ["plan", "--json", .. arguments])).ShouldBe(ExitCodes.Success, console.ErrorText);
        return JsonDocument.Parse(console.OutputText).RootElement;
    }

    /// <summary>Has no memory below 5 pages and at exactly 7.</summary>
    private sealed class OddMachine : IScenarioMachine
    {
        private long _pool;

        public ValueTask<string> ExecuteAsync(ScenarioCommand command, CancellationToken cancellationToken)
        {
            _pool = command is PoolCommand pool ? pool.Pages : _pool;
            return new(command is MmapCommand && _pool is < 5 or 7 ? "ENOMEM" : "ok");
        }

        public IReadOnlyList<string> TakeDeaths() => [];

        public ValueTask<MachineCounters> ReadCountersAsync(CancellationToken ct) => new(ScriptedMachine.Empty);

        public ValueTask<TeardownResult> TearDownAsync(CancellationToken ct) => new(new TeardownResult(ScriptedMachine.Empty, false, 0));

        public ValueTask DisposeAsync() => default;
    }

    private static async Task<string> RunAsync(string scenario)
    {
        using var console = new TestConsole(scenario) { CancellationToken = TestContext.Current.CancellationToken };
        (await console.RunAsync(TestMachines.Factory, "run", "--format", "recording", "-")).ShouldBe(ExitCodes.Success, console.ErrorText);
        return console.OutputText;
    }
}

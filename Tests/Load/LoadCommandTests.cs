using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Hugesim.Cli;
using Hugesim.Silo;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Load;

/// <summary><c>hugesim load</c> on the engine of this build.</summary>
public sealed class LoadCommandTests
{
    // One worker, so that the steps take turns: the server's second write takes the pages from the child, which comes to them afterwards.
    private const string CopyOnWrite = """
        pool 5
        process server rest
          start
            mmap heap 4 private
            w heap all
          repeat
            fork snapshot ; w heap all
        process snapshot 0 from server
          start
            r heap 0
            r heap all
        """;

    // Silos of Orleans take a second to start: machines have names of their own and share them.
    private static readonly SharedGrainHosts Hosts = new();

    [Theory]
    [InlineData("postgres")]
    [InlineData("redis")]
    [InlineData("dpdk")]
    [InlineData("jvm")]
    [InlineData("shm")]
    [InlineData("churn")]
    [InlineData("mixed")]
    public async Task Load_EachBuiltIn_RunsWithoutFailuresAndWithACleanAudit(string workload)
    {
        var (exitCode, lines, _) = await JsonAsync(workload, "--processes", "12", "--calls", "300", "--concurrency", "4");
        var summary = lines[^1];
        exitCode.ShouldBe(ExitCodes.Success);
        summary.GetProperty("passed").GetBoolean().ShouldBeTrue();
        summary.GetProperty("processes_started").GetInt64().ShouldBe(12);
        summary.GetProperty("calls").GetInt64().ShouldBe(300);
        summary.GetProperty("failures").EnumerateObject().ShouldBeEmpty();
        lines[0].GetProperty("kind").GetString().ShouldBe("second");
        lines[0].GetProperty("nr").GetInt64().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Load_SeveralMachines_ShareTheProcesses()
    {
        var (exitCode, lines, _) = await JsonAsync("postgres", "--processes", "11", "--machines", "3", "--duration", "0");
        exitCode.ShouldBe(ExitCodes.Success);
        lines[^1].GetProperty("processes_started").GetInt64().ShouldBe(11);
        lines[^1].GetProperty("calls").GetInt64().ShouldBe(0);
    }

    [Fact]
    public async Task Load_OpenLoop_BeginsAsManyCallsAsAreDue()
    {
        var (exitCode, lines, _) = await JsonAsync("jvm", "--processes", "4", "--rate", "100", "--calls", "100");
        var summary = lines[^1];
        summary.GetProperty("calls").GetInt64().ShouldBe(100);

        // The last one is due after 0.99 s. On a busy machine it is late, and more would have been due then: the load says so.
        summary.GetProperty("measured_seconds").GetDouble().ShouldBeGreaterThanOrEqualTo(0.99);
        var due = summary.GetProperty("calls_due").GetInt64();
        due.ShouldBeGreaterThanOrEqualTo(100);
        exitCode.ShouldBe(100 < due * 0.95 ? ExitCodes.Differs : ExitCodes.Success);
    }

    [Fact]
    public async Task Load_OpenLoopWhereOneWorkerHasAllProcesses_HoldsTheRate()
    {
        // All backends are forked from the postmaster, and so stay with its worker; nineteen others have nothing to do.
        var (_, lines, _) = await JsonAsync("postgres", "--processes", "20", "--rate", "50", "--calls", "100");
        var summary = lines[^1];
        summary.GetProperty("calls").GetInt64().ShouldBe(100);

        // Two seconds, and ten times as much on a busy machine. If each worker had its share of the rate it would be forty.
        summary.GetProperty("calls_due").GetInt64().ShouldBeInRange(100, 1000);
    }

    [Fact]
    public async Task Load_OpenLoopWithCalls_CountsWhatWasDueWhenTheLastBegan()
    {
        const string LongCalls = """
            pool 4096
            process worker rest
              start
                mmap m 4096 private
              repeat
                w m 0..4095
            """;
        using var folder = new TemporaryFolder();
        var (_, lines, _) = await JsonAsync(folder.Write("long.load", LongCalls), "--processes", "1", "--rate", "10000", "--calls", "1");
        var summary = lines[^1];

        // The call takes longer than a millisecond, to which the time is rounded: what becomes due meanwhile was not asked for.
        var due = summary.GetProperty("calls_due").GetInt64();
        due.ShouldBeInRange(1, (long)(10_000 * (summary.GetProperty("measured_seconds").GetDouble() - 0.001)));
    }

    [Fact]
    public async Task Load_ImpossibleRate_CountsTheWaitAndFails()
    {
        var (exitCode, lines, errors) = await JsonAsync("jvm", "--processes", "4", "--rate", "50000000", "--duration", "1s");
        exitCode.ShouldBe(ExitCodes.Differs);
        errors.ShouldContain("the rate could not be held");

        // Nearly all calls were due long before they began. Little's law: without the wait, all latencies together are what four processes do in the time measured.
        var summary = lines[^1];
        var all = summary.GetProperty("operations").GetProperty("all");
        var latencies = all.GetProperty("calls").GetInt64() * all.GetProperty("latency_ns_mean").GetInt64() / 1e9;
        latencies.ShouldBeGreaterThan(2 * 4 * summary.GetProperty("measured_seconds").GetDouble());
        all.GetProperty("latency_ns_max").GetInt64().ShouldBeGreaterThan(700_000_000);

        // From when they began, they are just that.
        var services = all.GetProperty("calls").GetInt64() * summary.GetProperty("service_ns_mean").GetInt64() / 1e9;
        services.ShouldBeInRange(0.01, 4 * (summary.GetProperty("measured_seconds").GetDouble() + 0.001));
    }

    [Fact]
    public async Task Load_Warmup_WorksBeforeItMeasures()
    {
        // Each fork leaves a process behind that lives.
        const string Forks = """
            pool 1
            process server rest
              repeat
                fork child
            process child 0 from server
              repeat
                mmap m 1 private noreserve ; munmap m
            """;
        using var folder = new TemporaryFolder();
        var (exitCode, lines, _) = await JsonAsync(folder.Write("forks.load", Forks), "--processes", "1", "--warmup", "2s", "--calls", "10");
        exitCode.ShouldBe(ExitCodes.Success);
        var (first, summary) = (lines[0], lines[^1]);
        summary.GetProperty("calls").GetInt64().ShouldBe(10);
        summary.GetProperty("warmup_seconds").GetDouble().ShouldBe(2);
        summary.GetProperty("operations").GetProperty("all").GetProperty("calls").GetInt64().ShouldBe(10);

        // Ten calls make ten of them at most.
        first.GetProperty("processes").GetInt64().ShouldBeGreaterThan(11);
    }

    [Fact]
    public async Task Load_Thresholds_SetTheExitCode()
    {
        var (exitCode, lines, _) = await JsonAsync("jvm", "--calls", "100", "--threshold", "fault.p50<1h", "--threshold", "all.rate>1000000000");
        exitCode.ShouldBe(ExitCodes.Differs);
        lines[^1].GetProperty("thresholds").EnumerateArray().Select(t => t.GetProperty("holds").GetBoolean()).ShouldBe([true, false]);
    }

    [Fact]
    public async Task Load_PoolTooSmall_CountsWhatTheKernelRefuses()
    {
        var (exitCode, output, _) = await TextAsync("churn", "--processes", "8", "--pool", "6", "--calls", "3000");
        exitCode.ShouldBe(ExitCodes.Success);
        output.ShouldContain("mmap ENOMEM: ");
        output.ShouldContain("clean, in");
    }

    [Fact]
    public async Task Load_ForkWithoutRoomForCopies_KillsChildrenBySigbus()
    {
        using var folder = new TemporaryFolder();
        var (exitCode, lines, _) = await JsonAsync(folder.Write("cow.load", CopyOnWrite), "--processes", "1", "--calls", "100");
        exitCode.ShouldBe(ExitCodes.Success);
        lines[^1].GetProperty("failures").GetProperty("fault SIGBUS").GetInt64().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Load_NoRoomAtAll_SaysThatNothingStarted()
    {
        var (exitCode, output, errors) = await TextAsync("postgres", "--pool", "70", "--duration", "1s");
        exitCode.ShouldBe(ExitCodes.Differs);
        errors.ShouldContain("no process could be started");
        output.ShouldContain("mmap ENOMEM: 1");
    }

    [Theory]
    [InlineData("7.3", ExitCodes.Differs)]
    [InlineData("7.3+repair", ExitCodes.Success)]
    public async Task Load_KernelThatLosesQuota_FailsTheAudit(string kernel, int expected)
    {
        // B3: a NORESERVE fault that finds no page loses the quota of its mount.
        using var folder = new TemporaryFolder();
        var file = folder.Write("b3.load", """
            mount A size=8
            process p 1
              start
                open f A/x
                mmap m 2 shared fd=f noreserve
              repeat
                w m 0
            """);
        var (exitCode, output, _) = await TextAsync(file, "--profile", kernel, "--processes", "1", "--calls", "10");
        exitCode.ShouldBe(expected);
        output.Contains("VIOLATION").ShouldBe(expected == ExitCodes.Differs);
        output.Contains("--profile 7.3+repair").ShouldBe(expected == ExitCodes.Differs);
    }

    [Fact]
    public async Task Load_Interrupted_KeepsWhatWasMeasuredAndAudits()
    {
        using var interruption = new CancellationTokenSource();
        using var console = New(interruption.Token);
        var running = console.RunAsync("load", "jvm", "--json", "--duration", "1h");
        while (!HasMeasured(console.OutputText))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await interruption.CancelAsync();
        (await running).ShouldBe(ExitCodes.Interrupted);
        var summary = Json(console.OutputText)[^1];
        summary.GetProperty("end").GetString().ShouldBe("interrupted");
        summary.GetProperty("calls").GetInt64().ShouldBeGreaterThan(0);
        summary.GetProperty("violations").GetArrayLength().ShouldBe(0);
        console.ErrorText.ShouldContain("interrupted after");
    }

    [Theory]
    [InlineData("postgrs", "did you mean 'postgres'?")]
    [InlineData("nowhere/x.load", "no such file")]
    [InlineData("jvm --processes 2 --machines 3", "3 machines cannot share 2 processes")]
    [InlineData("postgres --processes 1", "it needs at least 2 a machine")]
    [InlineData("jvm --rate 0", "is not a whole number from 1")]
    [InlineData("jvm --duration soon", "--duration: 'soon' is not a time such as 30s")]
    [InlineData("jvm --warmup soon", "--warmup: 'soon' is not a time such as 30s")]
    [InlineData("jvm --warmup 1s --duration 0", "nothing is measured after it")]
    [InlineData("jvm --threshold fault.p99", "there is no comparison")]
    [InlineData("jvm --report nowhere/x.html", "its folder does not exist")]
    [InlineData("jvm --processes 100000000 --duration 0", "cannot have a pool of")]
    public async Task Load_WrongCommandLine_SaysWhatIsWrong(string arguments, string message)
    {
        var (exitCode, output, errors) = await TextAsync(arguments.Split(' '));
        exitCode.ShouldBe(ExitCodes.BadInput);
        errors.ShouldContain(message);
        output.ShouldBeEmpty();
    }

    [Fact]
    public async Task Load_WrongFile_IsShownWithItsPlace()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("x.load", "process p 1\n  start\n    mmap m 2 privat\n");
        var (exitCode, _, errors) = await TextAsync(file);
        exitCode.ShouldBe(ExitCodes.BadInput);
        errors.ShouldContain($"{file}:3:14: unknown kind of mapping 'privat'");
    }

    [Fact]
    public async Task Load_Show_PrintsAProfileThatCanBeRead()
    {
        var (exitCode, output, _) = await TextAsync("redis", "--show");
        exitCode.ShouldBe(ExitCodes.Success);
        using var folder = new TemporaryFolder();
        (await TextAsync(folder.Write("mine.load", output), "--processes", "2", "--duration", "0")).ExitCode.ShouldBe(ExitCodes.Success);
    }

    [Fact]
    public async Task Report_OfARun_IsOnePageWithChartsAndLabels()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("old.html", "an older report");
        await TextAsync(folder.Write("cow.load", CopyOnWrite), "--processes", "1", "--calls", "500", "--report", file);
        var html = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        html.ShouldStartWith("<!DOCTYPE html>");
        html.ShouldContain("prefers-color-scheme: dark");
        html.ShouldContain("name=\"viewport\"");
        html.ShouldContain("fault SIGBUS");
        html.ShouldNotContain("http");
        html.ShouldNotContain("<script");
        var charts = Regex.Matches(html, "<svg.*?</svg>", RegexOptions.Singleline).Select(match => XElement.Parse(match.Value)).ToArray();
        var labelled = charts.Where(chart => chart.Attribute("role")?.Value == "img").ToArray();
        labelled.Length.ShouldBe(5);
        foreach (var chart in labelled)
        {
            chart.Element("title")!.Value.ShouldNotBeEmpty();
            chart.Element("desc")!.Value.ShouldNotBeEmpty();
            chart.Descendants().Where(e => e.Name == "polyline" || e.Name == "circle").ShouldNotBeEmpty();
            chart.ToString().ShouldNotContain("NaN");
        }
    }

    [Fact]
    public async Task Report_DiskIsFull_KeepsTheResultsAndSaysSo()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full here");
        var (exitCode, output, errors) = await TextAsync("jvm", "--calls", "100", "--report", "/dev/full");
        exitCode.ShouldBe(ExitCodes.Failure);
        output.ShouldContain("clean, in");
        errors.ShouldContain("/dev/full");
    }

    private static TestConsole New(CancellationToken token) =>
        new() { CancellationToken = token, StartGrains = options => Hosts.GetAsync(options) };

    private static async Task<(int ExitCode, string Output, string Errors)> TextAsync(params string[] arguments)
    {
        using var console = New(TestContext.Current.CancellationToken);
        var exitCode = await console.RunAsync(["load", .. arguments]);
        return (exitCode, console.OutputText, console.ErrorText);
    }

    private static async Task<(int ExitCode, JsonElement[] Lines, string Errors)> JsonAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await TextAsync([.. arguments, "--json"]);
        return (exitCode, Json(output), errors);
    }

    /// <summary>Do the seconds that were written so far have calls? The last line may not be whole yet.</summary>
    internal static bool HasMeasured(string output) =>
        Json(output[..(output.LastIndexOf('\n') + 1)]).Any(line => line.GetProperty("calls_per_second").GetDouble() > 0);

    private static JsonElement[] Json(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
}

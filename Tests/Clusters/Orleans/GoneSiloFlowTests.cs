using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Hugesim.Tests.Scenarios;
using Hugesim.Tests.Telemetry;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>A flow asked for on a silo while another one that has a part of it is gone.</summary>
public sealed class GoneSiloFlowTests : IAsyncLifetime
{
    private const int MostMachines = 20;

    private readonly HugesimProgram _program = new();
    private readonly TemporaryFolder _scenarios = new();
    private readonly HttpClient _http = new();

    // Orleans by itself gives up a call of this kind after 30 seconds; nobody looks at a page for so long.
    private readonly HttpClient _hurried = new() { Timeout = TimeSpan.FromSeconds(20) };

    public async ValueTask InitializeAsync()
    {
        var (code, output, error) = await _program.RunAsync("cluster", "up", "--detach", "--silos", "2", "--console", "--trace-ratio", "1");
        code.ShouldBe(0, output + error);
    }

    public async ValueTask DisposeAsync()
    {
        await _program.RunAsync("cluster", "down");
        await _program.DisposeAsync();
        _scenarios.Dispose();
        _http.Dispose();
        _hurried.Dispose();
    }

    [Fact]
    public async Task Trace_WhileASiloHangsAndAfterItCrashed_HasTheOtherPartAndSaysSo()
    {
        var silos = (await LocalClusterFixture.StatusAsync(_program)).Silos;
        var (asked, gone) = (new Uri($"http://127.0.0.1:{silos[0].HttpPort}/"), new Uri($"http://127.0.0.1:{silos[1].HttpPort}/"));
        var trace = await FailOverBothAsync(asked, gone);
        var whole = await SettledAsync(asked, trace);
        var part = Ids(await QueriedSpan.ListAsync(_http, asked), trace);
        whole.Count.ShouldBeGreaterThan(part.Length);
        whole.ShouldAllBe(span => span.Warnings.Count == 0);
        Ids(await QueriedSpan.TraceAsync(_http, gone, trace), trace).ShouldBe(Ids(whole, trace));

        (await MachinesMissingAsync(_http, asked)).ShouldBeEmpty();

        // A process that has stopped keeps its connections, and is a member until others have missed it for some time.
        await SignalAsync("STOP", silos[1].Pid!.Value);
        var hanging = await QueriedSpan.TraceAsync(_hurried, asked, trace);
        var listing = await MachinesMissingAsync(_hurried, asked);
        await SignalAsync("CONT", silos[1].Pid!.Value);
        listing.ShouldHaveSingleItem().ShouldBe("silo silo-2 has not answered");
        Ids(hanging, trace).ShouldBe(part);
        hanging.SelectMany(span => span.Warnings).ShouldHaveSingleItem().ShouldBe("spans may be missing: silo silo-2 has not answered");

        var again = await ObservedCluster.EventuallyAsync(async () =>
        {
            var spans = await QueriedSpan.TraceAsync(_http, asked, trace);
            return spans.All(span => span.Warnings.Count == 0) ? spans : null;
        });
        Ids(again, trace).ShouldBe(Ids(whole, trace));

        (await _program.RunAsync("cluster", "crash", "silo-2")).ExitCode.ShouldBe(0);
        var crashed = await ObservedCluster.EventuallyAsync(async () =>
        {
            var spans = await QueriedSpan.TraceAsync(_http, asked, trace);
            return spans.Any(span => span.Warnings.Contains("spans may be missing: silo silo-2 has ended since")) ? spans : null;
        });
        Ids(crashed, trace).ShouldBe(part);

        // What came after it cannot miss anything of it. And nobody's question has become a flow, though all flows are kept.
        var before = (await QueriedSpan.ListAsync(_http, asked)).Select(span => span.Trace).ToHashSet();
        await FailAsync("later");
        var later = (await QueriedSpan.ListAsync(_http, asked)).First(span => span.Failed && !before.Contains(span.Trace));
        (await QueriedSpan.TraceAsync(_http, asked, later.Trace)).ShouldAllBe(span => span.Warnings.Count == 0);
        (await _http.GetStringAsync(new Uri(asked, "/api/v3/operations"), TestContext.Current.CancellationToken)).ShouldNotContain("ISiloPartService");
    }

    private static async Task<string[]> MachinesMissingAsync(HttpClient http, Uri silo)
    {
        var cluster = await http.GetFromJsonAsync<JsonElement>(new Uri(silo, "/api/cluster"), TestContext.Current.CancellationToken);
        return [.. cluster.GetProperty("missing").EnumerateArray().Select(why => why.GetString()!)];
    }

    // What nobody waits for may end after the step that caused it: a flow that has as many spans as half a second ago has all of them.
    private async Task<IReadOnlyList<QueriedSpan>> SettledAsync(Uri silo, string trace)
    {
        var known = 0;
        return await ObservedCluster.EventuallyAsync(async () =>
        {
            var before = known;
            var spans = await QueriedSpan.TraceAsync(_http, silo, trace);
            known = spans.Count;
            await Task.Delay(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
            return known == before ? spans : null;
        });
    }

    // Each machine is placed anew, until a failed flow has been on both silos.
    private async Task<string> FailOverBothAsync(Uri first, Uri second)
    {
        for (var machine = 1; machine <= MostMachines; machine++)
        {
            await FailAsync($"joined{machine}");
            var (here, there) = (await QueriedSpan.ListAsync(_http, first), await QueriedSpan.ListAsync(_http, second));
            var failed = here.Concat(there).Where(span => span.Failed).Select(span => span.Trace);
            if (failed.FirstOrDefault(trace => here.Any(span => span.Trace == trace) && there.Any(span => span.Trace == trace)) is { } both)
            {
                return both;
            }
        }

        throw new InvalidOperationException($"no flow of {MostMachines} machines was on both silos");
    }

    private async Task FailAsync(string mapping)
    {
        var file = _scenarios.Write(mapping, $"pool 4\nproc p\np mmap {mapping} 9 private\n");
        (await _program.RunAsync("run", "--cluster", "local", file)).ExitCode.ShouldBe(0);
    }

    private static async Task SignalAsync(string signal, int process)
    {
        using var shell = Process.Start("/bin/sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -{signal} {process}")]);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        shell.ExitCode.ShouldBe(0);
    }

    private static string[] Ids(IEnumerable<QueriedSpan> spans, string trace) => [.. spans.Where(span => span.Trace == trace).Select(span => span.Id).Order()];
}

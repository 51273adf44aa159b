using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hugesim.Silo;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>What Prometheus reads from running silos.</summary>
[Collection(ObservedClusterCollection.Name)]
public sealed partial class MetricsTests(ObservedCluster cluster) : IDisposable
{
    private const string Prefix = "system_memory_linux_hugepages_";

    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Metrics_OfAMachine_AreThoseOfItsPool()
    {
        await using var machine = await cluster.StartAsync(pages: 10, nodes: 2, "overcommit 2", "proc p", "p mmap m 4 private", "p w m 0", "proc done");
        // A scrape takes no lock: it may see a fault half done.
        var mine = await ScrapeUntilAsync(samples => Sum(samples, machine.Name, "usage", "used") == 1 && Sum(samples, machine.Name, "reserved") == 3);

        Sum(mine, machine.Name, "limit").ShouldBe(10);
        Of(mine, machine.Name).Where(sample => sample.Name == Prefix + "limit").Select(sample => sample["hugesim_numa_node"]).Order().ShouldBe(["0", "1"]);
        Sum(mine, machine.Name, "page_size_bytes").ShouldBe(2 << 20);
        Sum(mine, machine.Name, "reserved").ShouldBe(3);
        Sum(mine, machine.Name, "surplus").ShouldBe(0);
        Sum(mine, machine.Name, "usage", "free").ShouldBe(9);
        Sum(mine, machine.Name, "usage", "used").ShouldBe(1);
        Sum(mine, machine.Name, "utilization", "free").ShouldBe(0.9, 1e-9);
        Sum(mine, machine.Name, "utilization", "used").ShouldBe(0.1, 1e-9);
    }

    [Fact]
    public async Task Metrics_OfAMachineThatHasEnded_AreGone()
    {
        string name;
        await using (var machine = await cluster.StartAsync(pages: 12, nodes: 1))
        {
            name = machine.Name;
            await ScrapeUntilAsync(samples => Sum(samples, name, "limit") == 12);
        }

        await ScrapeUntilAsync(samples => !Of(samples, name).Any());
    }

    [Fact]
    public async Task Metrics_OfMessagesAndTheProcess_AreBesideThem()
    {
        await cluster.RunAsync(0, "pool 2", "proc p", "p mmap m 1 private");

        var samples = await ScrapeUntilAsync(all => all.Any(sample => sample.Name == "rpc_server_call_duration_seconds_count" && sample["rpc_method"] == "IProcessGrain/Mmap"));

        samples.ShouldContain(sample => sample.Name == "dotnet_process_memory_working_set_bytes");
        samples.ShouldContain(sample => sample.Name == "hugesim_flows_total");
        samples.Any(sample => sample.Name.StartsWith("orleans", StringComparison.Ordinal)).ShouldBe(EngineChoice.Engine == "Orleans");
    }

    [Fact]
    public async Task Dashboards_NameOnlyMetricsThatASiloHas()
    {
        await using var machine = await cluster.StartAsync(pages: 11, nodes: 1);
        await cluster.RunAsync(0, "pool 1");
        var samples = await ScrapeUntilAsync(samples => Of(samples, machine.Name).Any());
        // An attribute may look like a metric.
        var known = samples.Select(sample => sample.Name).Concat(samples.SelectMany(sample => sample.Labels.Keys)).ToHashSet();
        var folder = Path.GetFullPath(Path.Combine(RecordingFiles.Root, "..", "..", "..", "Deployment", "grafana", "dashboards"));
        // Orleans has counters of its own; the embedded engine has no such thing to be shown.
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => EngineChoice.Engine == "Orleans" || Path.GetFileName(file) != "silos.json"))
        {
            using var dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            var expressions = dashboard.RootElement.GetProperty("panels").EnumerateArray()
                .SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetProperty("expr").GetString()!).ToArray();
            var named = expressions.SelectMany(text => MetricName().Matches(text).Select(match => match.Value)).Distinct().ToArray();

            named.Length.ShouldBeGreaterThan(5);
            named.ShouldBeSubsetOf(known, file);
        }
    }

    [Fact]
    public async Task Endpoints_OfASilo_AnswerHealthAndJaegersQueries()
    {
        var silo = cluster.Consoles[0];
        foreach (var path in new[] { HealthEndpoint.LivePath, HealthEndpoint.ReadyPath })
        {
            using var answer = await _http.GetAsync(new Uri(silo, path), TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, path);
        }

        // A flow that failed is found on a silo, whatever was drawn.
        await cluster.RunAsync(0, "pool 1", "proc p", "p mmap m 5 private");
        const string Query = "/api/v3/traces?query.service_name=hugesim&query.operation_name=hugetlb_acct_memory"
            + "&query.start_time_min=2020-01-01T00:00:00Z&query.start_time_max=2100-01-01T00:00:00Z";
        await ObservedCluster.EventuallyAsync(async () =>
        {
            foreach (var console in cluster.Consoles)
            {
                using var answer = await _http.GetAsync(new Uri(console, Query), TestContext.Current.CancellationToken);
                var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                if (text.Contains("reservation of 5: free 1 - resv 0", StringComparison.Ordinal))
                {
                    return text;
                }
            }

            return null;
        });
    }

    [Fact]
    public async Task Pages_UnderAnotherName_AreNotServedButMetricsAre()
    {
        foreach (var (path, expected) in new[]
                 {
                     ("/", HttpStatusCode.MisdirectedRequest), ("/api/cluster", HttpStatusCode.MisdirectedRequest),
                     ("/api/v3/services", HttpStatusCode.MisdirectedRequest), (SiloWeb.MetricsPath, HttpStatusCode.OK),
                 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(cluster.Consoles[0], path));
            request.Headers.Host = "silo-1.example";
            using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(expected, path);
        }
    }

    // All silos, until there is what is looked for: a scrape may be answered with the one before.
    private async Task<List<Sample>> ScrapeUntilAsync(Predicate<IReadOnlyList<Sample>> isThere)
    {
        return await ObservedCluster.EventuallyAsync(async () =>
        {
            var samples = new List<Sample>();
            foreach (var console in cluster.Consoles.Distinct())
            {
                var text = await _http.GetStringAsync(new Uri(console, SiloWeb.MetricsPath), TestContext.Current.CancellationToken);
                samples.AddRange(text.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(Sample.Parse));
            }

            return isThere(samples) ? samples : null;
        });
    }

    private static IEnumerable<Sample> Of(IReadOnlyList<Sample> samples, string machine) => samples.Where(sample => sample["hugesim_machine"] == machine);

    private static double Sum(IReadOnlyList<Sample> samples, string machine, string metric, string? state = null) =>
        Of(samples, machine).Where(sample => sample.Name == Prefix + metric && (state is null || sample["state"] == state)).Sum(sample => sample.Value);

    [GeneratedRegex(@"(?<![a-z_""])(?:system_memory|rpc_server|hugesim_flows|hugesim_spans|dotnet_|orleans_)[a-z_]+(?![a-z_=""])")]
    private static partial Regex MetricName();

    private sealed partial record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
    {
        public string? this[string label] => Labels.GetValueOrDefault(label == "state" ? Prefix + label : label);

        public static Sample Parse(string line)
        {
            var match = Line().Match(line);
            match.Success.ShouldBeTrue(line);
            return new Sample(
                match.Groups[1].Value,
                Label().Matches(match.Groups[2].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value),
                double.Parse(match.Groups[3].Value.Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture));
        }

        [GeneratedRegex(@"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)")]
        private static partial Regex Line();

        [GeneratedRegex(@"([a-zA-Z_][a-zA-Z0-9_]*)=""((?:[^""\\]|\\.)*)""")]
        private static partial Regex Label();
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Silo;
using Hugesim.Telemetry;
using Hugesim.Tests.Scenarios;
using Hugesim.WebConsole;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.WebConsole;

public sealed class ConsoleServerTests(ConsoleFixture console) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = console.Address };

    [Theory]
    [InlineData("7.4", 1, "no kernel '7.4'")]
    [InlineData("7.3", 17, "nodes must be 1 to 16")]
    public async Task Runs_WrongSettings_AreRefused(string profile, int nodes, string message)
    {
        var answer = await Post(new { scenario = "pool 1", profile, nodes });

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain(message);
    }

    [Fact]
    public async Task Runs_VeryLongScenario_IsRefused()
    {
        (await Post(new { scenario = string.Concat(Enumerable.Repeat("counters\n", 500)), nodes = 1 })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await Post(new { scenario = new string('x', 70_000), nodes = 1 })).StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Steps_OfNoRun_AreNotFound() =>
        (await _http.GetAsync("/api/runs/none/steps/1", TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);

    [Fact]
    public async Task Page_UnderAnotherName_IsNotServed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Host = "attacker.example";

        (await _http.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.MisdirectedRequest);
    }

    [Fact]
    public async Task Page_FetchesNothingFromElsewhere()
    {
        foreach (var file in new[] { "/", "/console.css", "/console.js", "/draw.js", "/machine.js", "/favicon.svg" })
        {
            var text = await _http.GetStringAsync(file, TestContext.Current.CancellationToken);
            text.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).ShouldNotContain("//www", Case.Insensitive);
            text.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).ShouldNotContain("http");
        }
    }

    [Fact]
    public async Task QueryApi_AfterARun_HasItsTracesInJaegersForm()
    {
        var ct = TestContext.Current.CancellationToken;
        (await Post(new { scenario = "pool 2\nproc p\np mmap unusual 1 private", nodes = 1 })).EnsureSuccessStatusCode();

        (await Json("/api/v3/services")).GetProperty("services")[0].GetString().ShouldBe("hugesim");
        var operations = (await Json("/api/v3/operations?service=hugesim")).GetProperty("operations").EnumerateArray()
            .Select(o => (o.GetProperty("name").GetString(), o.GetProperty("spanKind").GetString())).ToArray();
        operations.ShouldContain(("mmap", "internal"));
        operations.ShouldContain(("IProcessGrain/Mmap", "server"));
        var time = "query.start_time_min=2020-01-01T00:00:00Z&query.start_time_max=2100-01-01T00:00:00.000000001Z";
        var found = (await Json($"/api/v3/traces?query.service_name=hugesim&query.operation_name=mmap&{time}")).GetProperty("result");
        var spans = Spans(found).ToArray();
        var root = spans.First(span => span.GetProperty("name").GetString() == "mmap" && span.GetRawText().Contains("unusual", StringComparison.Ordinal));
        var trace = root.GetProperty("traceId").GetString();
        var one = Spans((await Json($"/api/v3/traces/{trace}")).GetProperty("result")).ToArray();
        one.Select(span => span.GetProperty("traceId").GetString()).Distinct().ShouldBe([trace]);
        one.Select(span => span.GetProperty("name").GetString()).ShouldContain("hugetlb_reserve_pages");

        (await _http.GetAsync("/api/v3/traces/00000000000000000000000000000001", ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await _http.GetAsync("/api/v3/traces?query.service_name=hugesim", ct)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await _http.GetAsync($"/api/v3/traces?{time}&query.duration_min=soon", ct)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await _http.GetAsync($"/api/v3/traces?{time}&query.service_name=other", ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await _http.GetAsync($"/api/v3/traces?{time}&query.duration_min=100h", ct)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await _http.GetAsync($"/api/v3/traces?{time}&query.duration_min=1000s", ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Runs_OnAClusterThatIsGone_AreRefusedWithWhatToDo()
    {
        var gone = new ScriptedMachineFactory(_ => throw new ClusterException("cluster local has not answered", "look at it"));
        await using var server = await new ConsoleServer(new CliServices(gone, ["7.3"]), new SpanStore(1), "local").StartAsync(0, TestContext.Current.CancellationToken);

        var answer = await _http.PostAsJsonAsync(new Uri(new Uri(server.Urls.First()), "/api/runs"), new { scenario = "pool 1", nodes = 1 }, TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("error").GetString()
            .ShouldBe("cluster local has not answered (look at it)");
    }

    [Fact]
    public async Task Console_PortInUse_IsExplained_ExitCode2()
    {
        using var cli = new TestConsole();

        (await cli.RunOnGrainsAsync("console", "--port", $"{console.Address.Port}")).ShouldBe(ExitCodes.BadInput);

        cli.ErrorText.ShouldContain($"port {console.Address.Port} is in use");
        cli.ErrorText.ShouldContain("--port 0");
    }

    [Fact]
    public async Task Console_Interrupted_EndsInOrder()
    {
        using var stop = new CancellationTokenSource();
        using var cli = new TestConsole { CancellationToken = stop.Token };
        var running = cli.RunOnGrainsAsync("console", "--port", "0");
        while (!cli.OutputText.Contains("The console is at http://127.0.0.1:", StringComparison.Ordinal))
        {
            running.IsCompleted.ShouldBeFalse();
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await stop.CancelAsync();

        (await running).ShouldBe(ExitCodes.Success);
    }

    public void Dispose() => _http.Dispose();

    private static IEnumerable<JsonElement> Spans(JsonElement result) =>
        result.GetProperty("resourceSpans").EnumerateArray()
            .SelectMany(resource => resource.GetProperty("scopeSpans").EnumerateArray())
            .SelectMany(scope => scope.GetProperty("spans").EnumerateArray());

    private async Task<JsonElement> Json(string path) => await _http.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);

    private Task<HttpResponseMessage> Post(object run) => _http.PostAsJsonAsync("/api/runs", run, TestContext.Current.CancellationToken);
}

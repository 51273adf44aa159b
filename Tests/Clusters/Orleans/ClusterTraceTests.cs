using System.Text.Json;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>Flows over silos that are processes of their own: each records its part, and the command that runs the scenario has the whole.</summary>
public sealed class ClusterTraceTests : IAsyncLifetime
{
    private static readonly string s_folder = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(RecordingFiles.Root)))!, "Client", "Examples");
    private readonly HugesimProgram _program = new();

    public async ValueTask InitializeAsync()
    {
        var (code, output, error) = await _program.RunAsync("cluster", "up", "--detach", "--silos", "3", "--console");
        code.ShouldBe(0, output + error);
    }

    public async ValueTask DisposeAsync()
    {
        await _program.RunAsync("cluster", "down");
        await _program.DisposeAsync();
    }

    [Fact]
    public async Task Trace_OverThreeSilos_HasTheMessagesAndRoutinesOfOneProcess()
    {
        var scenario = Path.Combine(s_folder, "5-3-2.txt");
        var (here, there) = (await TraceAsync(scenario), await TraceAsync(scenario, "--cluster", "local"));

        there.Count.ShouldBe(here.Count, "a trace for each step");
        for (var step = 0; step < here.Count; step++)
        {
            Names(there[step]).ShouldBe(Names(here[step]), $"step {step + 1}");
            IsOneTree(there[step]);
        }

        there.SelectMany(spans => spans).Select(span => span.Silo).Where(silo => silo is not null).Distinct().Count().ShouldBeGreaterThan(1, "grains are on several silos");
    }

    [Fact]
    public async Task Explain_OfAFailureOverThreeSilos_SaysTheSameAsInOneProcess()
    {
        var scenario = Path.Combine(s_folder, "fork-cow.txt");
        var here = await _program.RunAsync("explain", scenario);
        var there = await _program.RunAsync("explain", scenario, "--cluster", "local");

        there.ShouldBe(here);
        there.Output.ShouldContain("no page for the copy, and the process does not own the reservations of the mapping");
    }

    private async Task<List<List<Span>>> TraceAsync(string scenario, params string[] options)
    {
        var file = Path.Combine(_program.StateFolder, "trace.json");
        var (code, output, error) = await _program.RunAsync(["trace", scenario, "-o", file, .. options]);
        code.ShouldBe(0, output + error);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        return [.. json.RootElement.GetProperty("data").EnumerateArray().Select(trace => trace.GetProperty("spans").EnumerateArray().Select(Span.Of).ToList())];
    }

    // Nobody waits for the end of a message without an answer, so its span may come after the step.
    private static IEnumerable<string> Names(List<Span> spans) => spans.Select(span => span.Name).Where(name => name != "IEndingGrain/Forget").Order();

    // Every span but the root lies in another one of the same flow.
    private static void IsOneTree(List<Span> spans)
    {
        var ids = spans.Select(span => span.Id).ToHashSet(StringComparer.Ordinal);
        spans.Where(span => span.Parent is null || !ids.Contains(span.Parent)).ShouldHaveSingleItem().Parent.ShouldBeNull();
    }

    private sealed record Span(string Id, string? Parent, string Name, string? Silo)
    {
        public static Span Of(JsonElement span) => new(
            span.GetProperty("spanID").GetString()!,
            span.GetProperty("references").EnumerateArray().Select(reference => reference.GetProperty("spanID").GetString()).FirstOrDefault(),
            span.GetProperty("operationName").GetString()!,
            span.GetProperty("tags").EnumerateArray().Where(tag => tag.GetProperty("key").GetString() == "hugesim.silo")
                .Select(tag => tag.GetProperty("value").GetString()).FirstOrDefault());
    }
}

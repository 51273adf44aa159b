using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Kernel;
using Hugesim.Tests.Kernel;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Bench;

public sealed class BenchCommandTests
{
    [Fact]
    public async Task Bench_WithoutTheRealKernel_MeasuresTheRestAndSaysWhy()
    {
        using var console = new TestConsole
        {
            Kernel = new FakeKernel(() => throw new NotSupportedException()) { Refusal = new KernelRefusal("not root", "run it with sudo") },
            CancellationToken = TestContext.Current.CancellationToken,
        };
        (await console.RunAsync("bench", "--json", "--time", "1")).ShouldBe(ExitCodes.Success, console.ErrorText);
        var lines = console.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .ToLookup(line => line.GetProperty("kind").GetString());
        var ratios = lines["ratio"].ToArray();
        ratios.ShouldAllBe(ratio => ratio.GetProperty("subject_per_second").GetDouble() > 0);
        ratios.ShouldContain(ratio => ratio.GetProperty("skipped").GetString() == "not root: run it with sudo", 6, "all that are compared with the real kernel");
        ratios[0].GetProperty("ratio").ValueKind.ShouldBe(JsonValueKind.Null);
        ratios.Single(ratio => ratio.GetProperty("operation").GetString() == "chg + add + del of a page").GetProperty("ratio").GetDouble().ShouldBeGreaterThan(0);

        // Not what it is: other tests use memory of this process at the same time.
        lines["size"].Single().GetProperty("bytes").ValueKind.ShouldBe(JsonValueKind.Number);
    }
}

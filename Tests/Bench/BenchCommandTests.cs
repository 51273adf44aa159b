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
        var ratios = console.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        ratios.Length.ShouldBe(4);
        ratios.ShouldAllBe(ratio => ratio.GetProperty("subject_per_second").GetDouble() > 0);
        ratios[0].GetProperty("ratio").ValueKind.ShouldBe(JsonValueKind.Null);
        ratios[0].GetProperty("skipped").GetString().ShouldBe("not root: run it with sudo");
        ratios[2].GetProperty("ratio").GetDouble().ShouldBeGreaterThan(0);
    }
}

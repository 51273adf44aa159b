using Hugesim.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Scenarios;

/// <summary>The examples that the documentation names.</summary>
public sealed class ExampleTests
{
    [Fact]
    public async Task Examples_EachLine_IsValid()
    {
        var folder = Path.Combine(RecordingFiles.Root, "..", "..", "..", "Client", "Examples");
        var files = Directory.GetFiles(folder, "*.txt");
        files.Length.ShouldBeGreaterThanOrEqualTo(3);
        foreach (var file in files)
        {
            await using var stream = File.OpenRead(file);
            var items = await ScenarioParser.ReadAsync(stream, file, TestContext.Current.CancellationToken)
                .ToListAsync(TestContext.Current.CancellationToken);
            items.OfType<ScenarioFault>().SelectMany(fault => fault.Errors).ShouldBeEmpty();
        }
    }
}

using Hugesim.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Scenarios;

/// <summary>The examples that the documentation names.</summary>
public sealed class ExampleTests
{
    private static readonly string Top = Path.GetFullPath(Path.Combine(RecordingFiles.Root, "..", "..", ".."));
    private static readonly string Examples = Path.Combine(Top, "Client", "Examples");

    [Fact]
    public async Task Readme_OutputOfTheExample_IsWhatTheRecordedKernelGives()
    {
        var machine = RecordingFiles.MachineOf(RecordingFiles.Read("7.3/34-minsize-5-3-2.out"));
        using var console = new TestConsole();
        await console.RunAsync(machine, "run", Path.Combine(Examples, "5-3-2.txt"));

        var output = console.OutputText.Replace(Top + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
        var readme = await File.ReadAllTextAsync(Path.Combine(Top, "README.md"), TestContext.Current.CancellationToken);
        readme.ReplaceLineEndings("\n").ShouldContain("\n```\n" + output + "```\n");
    }

    [Fact]
    public async Task Examples_EachLine_IsValid()
    {
        var files = Directory.GetFiles(Examples, "*.txt");
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

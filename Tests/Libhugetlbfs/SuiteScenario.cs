using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Tests.Tidy;

namespace Hugesim.Tests.Libhugetlbfs;

/// <summary>A scenario that checks what a test of the libhugetlbfs suite checks, with the suite's verdict behind each step.</summary>
internal sealed class SuiteScenario
{
    private const string KernelsMark = "# kernels: ";

    private readonly string[] _lines;

    private SuiteScenario(string name, string[] lines) => (Name, _lines) = (name, lines);

    /// <summary>Where the scenarios are.</summary>
    public static string Folder { get; } = Path.Combine(SourceTree.Root, "Tests", "Libhugetlbfs", "Scenarios");

    /// <summary>The names of all scenarios.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.GetFiles(Folder, "*.txt").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>The file's name without its ending.</summary>
    public string Name { get; }

    /// <summary>Its comments and commands without the expectations, as a recording of it holds them.</summary>
    public string Text => string.Concat(_lines.Where(line => line.Length > 0).Select(line => line.Split(Expectation.Mark)[0].TrimEnd() + "\n"));

    /// <summary>Reads one.</summary>
    public static SuiteScenario Read(string name) => Parse(name, File.ReadAllLines(Path.Combine(Folder, name + ".txt")));

    /// <summary>Takes lines as one.</summary>
    public static SuiteScenario Parse(string name, string[] lines) => new(name, lines);

    /// <summary>Whether the scenario is for this kernel; most are for all, others say <c># kernels: since 4.10 until 5.10</c>, or one of the two.</summary>
    public bool AppliesTo(KernelProfile kernel)
    {
        var line = _lines.FirstOrDefault(text => text.StartsWith(KernelsMark, StringComparison.Ordinal));
        return line is null || line[KernelsMark.Length..].Split(' ').Chunk(2).All(pair => pair switch
        {
            ["since", var first] => kernel.Order >= KernelProfiles.Get(first).Order,
            ["until", var last] => kernel.Order <= KernelProfiles.Get(last).Order,
            _ => throw new FormatException($"{Name}: '{line}' says neither 'since KERNEL' nor 'until KERNEL'"),
        });
    }

    /// <summary>Runs it on a fresh machine, simulated or real, and returns everything that is not as the suite demands; empty is its PASS.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(IScenarioMachine machine)
    {
        var failures = new List<string>();
        var parser = new ScenarioParser(Name);
        for (var i = 0; i < _lines.Length; i++)
        {
            switch (parser.ParseLine(i + 1, _lines[i]))
            {
                case ScenarioFault fault:
                    failures.AddRange(fault.Errors.Select(error => error.ToString()));
                    break;
                case ScenarioStep step:
                    var answer = await machine.ExecuteAsync(step.Command, CancellationToken.None);
                    var deaths = machine.TakeDeaths();
                    var counters = await machine.ReadCountersAsync(CancellationToken.None);
                    Check(i, Expectation.Parse(_lines[i]).Differences(answer, deaths, counters).Concat(Impossible(counters)), failures);
                    break;
            }
        }

        // The suite's runner compares the pool before and after each test.
        var end = await machine.TearDownAsync(CancellationToken.None);
        if (end.Leak || end.RemainingPoolPages != 0)
        {
            failures.Add($"{Name}: at the end {RecordingText.End(end)}, {end.RemainingPoolPages} pages left in the pool");
        }

        return failures;
    }

    // What the suite checks whenever it reads the counters.
    private static IEnumerable<string> Impossible(MachineCounters counters)
    {
        if (counters.Nr < 0 || counters.Free < 0 || counters.Resv < 0 || counters.Surp < 0)
        {
            yield return "a counter is negative";
        }

        if (counters.Free < counters.Resv)
        {
            yield return $"free={counters.Free} is less than resv={counters.Resv}";
        }
    }

    private void Check(int index, IEnumerable<string> differences, List<string> failures) =>
        failures.AddRange(differences.Select(difference => $"{Name}:{index + 1}: {_lines[index]}: {difference}"));
}

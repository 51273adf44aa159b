using System.Globalization;

namespace Hugesim.Fuzzing;

/// <summary>
/// Makes random scenarios of every command of the language, with small pools, so that requests compete.
/// Each scenario draws from some of the features only, which makes deep ones of each combination likely. A seed always makes the same
/// scenario.
/// </summary>
public sealed partial class ScenarioGenerator
{
    /// <summary>The most processes in a scenario, dead ones included: the recorder's limit is higher.</summary>
    private const int MostProcesses = 12;

    private readonly Random _random;
    private readonly int _nodes;
    private readonly List<string> _lines = [];
    private readonly GeneratedWorld _world = new();
    private readonly List<(int Weight, Func<string?> Make)> _machineRules = [];
    private bool _changesPool;
    private readonly List<(int Weight, Func<GeneratedProcess, string?> Make)> _processRules = [];

    private ScenarioGenerator(int seed, int nodes) => (_random, _nodes) = (new Random(seed), nodes);

    /// <summary>Makes a scenario.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="steps">The number of commands; a few more for the beginning.</param>
    /// <param name="nodes">NUMA nodes of the machine; with more than one, memory is placed, and each process is bound to a node's CPU.</param>
    public static IReadOnlyList<string> Generate(int seed, int steps, int nodes = 1)
    {
        var generator = new ScenarioGenerator(seed, nodes);
        generator.Begin();
        var attempts = steps * 4;
        while (generator._lines.Count < steps && attempts-- > 0)
        {
            generator.Step();
        }

        return WellFormedScenario.Keep(generator._lines);
    }

    private void Begin()
    {
        _world.Pool = Number(1, 8);
        _lines.Add(Text($"pool {_world.Pool}"));
        AddMachineRules();
        AddMappingRules();
        AddAccessRules();
        AddFileRules();
        AddProcessRules();
        AddPlacementRules();
        var processes = Number(1, 3);
        for (var i = 0; i < processes; i++)
        {
            _lines.Add(NewProcess());
            Bind(_lines[^1]);
        }

        foreach (var process in _world.Processes.Where(_ => Chance(70)))
        {
            process.Catches = true;
            _lines.Add($"{process.Name} catch");
        }
    }

    private void Step()
    {
        var line = Chance(12) || _world.Processes.Count == 0
            ? Draw(_machineRules)?.Invoke()
            : Draw(_processRules)?.Invoke(Pick(_world.Processes));
        if (line is not null)
        {
            _lines.Add(line);
            Bind(line);
        }
    }

    // Where a process runs decides where its pages come from, and must not be left to chance. Entering a cgroup lets it run anywhere again.
    private void Bind(string line)
    {
        var unbound = line.StartsWith("proc ", StringComparison.Ordinal) ? [_world.Processes[^1]]
            : line.StartsWith("cgnew ", StringComparison.Ordinal) ? _world.Processes
            : _world.Processes.Where(process => line.StartsWith($"{process.Name} cg ", StringComparison.Ordinal));
        if (_nodes > 1)
        {
            _lines.AddRange(unbound.Select(process => Text($"{process.Name} cpu {Node()}")));
        }
    }

    /// <summary>Adds rules of a feature, which this scenario may be without.</summary>
    private void Feature(int percent, params ReadOnlySpan<(int Weight, Func<GeneratedProcess, string?> Make)> rules)
    {
        if (Chance(percent))
        {
            _processRules.AddRange(rules);
        }
    }

    private string NewProcess()
    {
        var name = _world.NewName("p");
        _world.Processes.Add(new GeneratedProcess(name));
        return $"proc {name}";
    }

    private TRule? Draw<TRule>(List<(int Weight, TRule Make)> rules) where TRule : class
    {
        var total = rules.Sum(rule => rule.Weight);
        if (total == 0)
        {
            return null;
        }

        var left = _random.Next(total);
        foreach (var (weight, make) in rules)
        {
            left -= weight;
            if (left < 0)
            {
                return make;
            }
        }

        return null;
    }

    private int Node() => Number(0, _nodes - 1);

    private bool Chance(int percent) => _random.Next(100) < percent;

    private int Number(int least, int most) => _random.Next(least, most + 1);

    private T Pick<T>(IReadOnlyList<T> items) => items[_random.Next(items.Count)];

    private string Word(params ReadOnlySpan<string> words) => words[_random.Next(words.Length)];

    private string Maybe(int percent, string word) => Chance(percent) ? " " + word : "";

    private GeneratedMapping? AnyMapping(GeneratedProcess process) => process.Mappings.Count == 0
        ? null
        : Chance(40) ? process.Mappings[^1] : Pick(process.Mappings);

    /// <summary>A length: few pages, seldom none, a part of one, or more than any pool has.</summary>
    private string Length(int most = 5) => _random.Next(40) switch
    {
        0 => "0",
        1 => Word("1k", "4k", "1024k", "3072k", "1b", "4096b", "6144k"),
        2 => Text($"{_world.Pool + Number(1, 3)}"),
        _ => Text($"{Number(1, most)}"),
    };

    /// <summary>An offset in a file or mapping of that many pages.</summary>
    private string Offset(int pages) => _random.Next(50) switch
    {
        0 => Word("4k", "512k", "1024k", "1b"),
        1 => Text($"{pages + Number(0, 3)}"),
        _ => Text($"{Number(0, Math.Max(0, pages - 1))}"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

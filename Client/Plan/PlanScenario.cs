using System.Globalization;
using System.Text;
using Hugesim.Scenarios;

namespace Hugesim.Plan;

/// <summary>
/// A scenario whose pool is open: the lines that set pool and overcommit are replaced by those of a trial, everything else stays as it is written.
/// </summary>
internal sealed class PlanScenario
{
    private readonly string _file;
    private readonly string[] _lines;

    private PlanScenario(string file, string[] lines) => (_file, _lines) = (file, lines);

    /// <summary>The scenario's name.</summary>
    public string File => _file;

    /// <summary>Its commands.</summary>
    public IReadOnlyList<ScenarioCommand> Commands { get; private init; } = [];

    /// <summary>Its mounts, each once.</summary>
    public IReadOnlyList<string> Mounts => [.. Commands.OfType<MountCommand>().Select(mount => mount.Name).Distinct()];

    /// <summary>
    /// A number of pages that no run of the scenario can need more of: all lengths, once for each process that could have a copy.
    /// </summary>
    public long MostPages
    {
        get
        {
            var lengths = Commands.Sum(command => command switch
            {
                MmapCommand mmap => mmap.Length,
                ShmGetCommand get => get.Length,
                FallocateCommand allocate => allocate.Length,
                MremapCommand mremap => mremap.NewLength,
                MountCommand { Options.MinSize: { } min } => min.Bytes,
                _ => 0L,
            } / ScenarioCommand.PageSize + 1);
            var copies = Commands.Count(command => command is ForkCommand) + 1.0;

            // A mount that keeps a part of the pool leaves only the rest to all others.
            var kept = Commands.Sum(command => command is MountCommand { Options.MinSize.Percent: { } percent } ? percent : 0);
            var share = kept < 100 ? 100.0 / (100 - kept) : 1;
            return (long)Math.Min(lengths * copies * share, ScenarioLimits.PoolPages);
        }
    }

    /// <summary>Reads a scenario.</summary>
    /// <param name="file">Its name for messages.</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="errors">What is wrong with it.</param>
    public static PlanScenario? Parse(string file, string[] lines, out IReadOnlyList<ScenarioError> errors)
    {
        const int MostErrors = 20;
        var found = new List<ScenarioError>();
        var commands = new List<ScenarioCommand>();
        var parser = new ScenarioParser(file);
        for (var i = 0; i < lines.Length && found.Count < MostErrors; i++)
        {
            switch (parser.ParseLine(i + 1, lines[i]))
            {
                case ScenarioFault fault:
                    found.AddRange(fault.Errors);
                    break;
                case ScenarioStep step:
                    commands.Add(step.Command);
                    break;
            }
        }

        errors = found;
        return found.Count > 0 ? null : new PlanScenario(file, lines) { Commands = commands };
    }

    /// <summary>The scenario's text on a machine.</summary>
    public string Text(PlanMachine machine)
    {
        var text = new StringBuilder();
        foreach (var (_, line) in Lines(machine))
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The scenario's items on a machine; lines that are not the machine's have the numbers that they have in the file.</summary>
    public async IAsyncEnumerable<ScenarioItem> Items(PlanMachine machine)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        var parser = new ScenarioParser(_file);
        foreach (var (number, line) in Lines(machine))
        {
            if (parser.ParseLine(number, line) is { } item)
            {
                yield return item;
            }
        }
    }

    // The machine's lines stand where the first of those that they replace stood, or at the beginning.
    private IEnumerable<(int Number, string Line)> Lines(PlanMachine machine)
    {
        var replaced = Commands.Where(command => command is PoolCommand or NodePoolCommand or OvercommitCommand).Select(command => command.Source.Line).ToHashSet();
        var first = replaced.Count == 0 ? 1 : replaced.Min();
        for (var number = 1; number <= _lines.Length; number++)
        {
            if (number == first)
            {
                foreach (var line in Header(machine))
                {
                    yield return (number, line);
                }
            }

            if (!replaced.Contains(number))
            {
                yield return (number, WithSize(_lines[number - 1], number, machine));
            }
        }
    }

    private static IEnumerable<string> Header(PlanMachine machine)
    {
        if (machine.PoolPages.Count == 1)
        {
            yield return Invariant($"pool {machine.PoolPages[0]}");
        }
        else
        {
            for (var node = 0; node < machine.PoolPages.Count; node++)
            {
                yield return Invariant($"nodepool {node} {machine.PoolPages[node]}");
            }
        }

        if (machine.OvercommitPages > 0)
        {
            yield return Invariant($"overcommit {machine.OvercommitPages}");
        }
    }

    private string WithSize(string line, int number, PlanMachine machine)
    {
        if (machine.MountSize is not { } wanted
            || Commands.FirstOrDefault(command => command.Source.Line == number) is not MountCommand mount || mount.Name != wanted.Mount)
        {
            return line;
        }

        // The limit is what counts: a minimum above it would be refused.
        var words = mount.Source.Text.Split(' ').Where(word => !word.StartsWith("size=", StringComparison.Ordinal) && !word.StartsWith("min_size=", StringComparison.Ordinal));
        return Invariant($"{string.Join(' ', words)} size={wanted.SizePages}");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

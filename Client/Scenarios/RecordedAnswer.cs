using System.Globalization;
using System.Text;

namespace Hugesim.Scenarios;

/// <summary>What a step or the end of a recording says: an answer, deaths, and counters.</summary>
/// <param name="Answer">The answer; for the end, the text after <c>"= end "</c>.</param>
/// <param name="Deaths">Other processes that died, each as <c>NAME DEATH</c>.</param>
/// <param name="Counters">The counters, or null where a recording shows none.</param>
public sealed record RecordedAnswer(string Answer, IReadOnlyList<string> Deaths, MachineCounters? Counters)
{
    private const string CountersStart = " | nr=";
    private const string DeathMark = " ! ";

    /// <summary>Writes the line without its mark, exactly as the recorder does.</summary>
    public string Format()
    {
        var text = new StringBuilder(Answer);
        foreach (var death in Deaths)
        {
            text.Append(DeathMark).Append(death);
        }

        if (Counters is not null)
        {
            AppendCounters(text, Counters);
        }

        return text.ToString();
    }

    /// <summary>Reads what <see cref="Format"/> writes; counters that cannot be read stay part of the answer.</summary>
    public static RecordedAnswer Parse(string text)
    {
        var start = text.LastIndexOf(CountersStart, StringComparison.Ordinal);
        var counters = start < 0 ? null : ParseCounters(text[start..]);
        var parts = (counters is null ? text : text[..start]).Split(DeathMark);
        return new RecordedAnswer(parts[0], parts[1..], counters);
    }

    /// <summary>Writes counters as they stand at the end of a recording's line.</summary>
    public static void AppendCounters(StringBuilder text, MachineCounters counters)
    {
        text.Append(CultureInfo.InvariantCulture,
            $" | nr={counters.Nr} free={counters.Free} resv={counters.Resv} surp={counters.Surp} oc={counters.Oc}");
        foreach (var node in counters.Nodes)
        {
            text.Append(CultureInfo.InvariantCulture, $" | n{node.Node}={node.Nr}/{node.Free}/{node.Surplus}");
        }

        foreach (var mount in counters.Mounts)
        {
            text.Append(CultureInfo.InvariantCulture, $" | {mount.Name}={mount.Blocks}/{mount.FreeBlocks}");
        }

        foreach (var cgroup in counters.Cgroups)
        {
            var name = cgroup.Name.Length > 0 ? ":" + cgroup.Name : "";
            text.Append(CultureInfo.InvariantCulture, $" | cg{name}={cgroup.Usage}/{cgroup.Reserved}");
        }
    }

    private static MachineCounters? ParseCounters(string text)
    {
        var groups = text.Split(" | ", StringSplitOptions.None)[1..];
        var pool = Values(groups[0].Split(' '), ["nr", "free", "resv", "surp", "oc"]);
        if (pool is null)
        {
            return null;
        }

        var nodes = new List<NodeCounters>();
        var mounts = new List<MountCounters>();
        var cgroups = new List<CgroupCounters>();
        foreach (var group in groups[1..])
        {
            var equals = group.LastIndexOf('=');
            if (equals < 0 || !TryNumbers(group[(equals + 1)..].Split('/'), out var numbers))
            {
                return null;
            }

            var name = group[..equals];
            if (numbers.Length == 3 && name.StartsWith('n')
                && int.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var node))
            {
                nodes.Add(new NodeCounters(node, numbers[0], numbers[1], numbers[2]));
            }
            else if (numbers.Length == 2 && (name == "cg" || name.StartsWith("cg:", StringComparison.Ordinal)))
            {
                cgroups.Add(new CgroupCounters(name.Length > 2 ? name[3..] : "", numbers[0], numbers[1]));
            }
            else if (numbers.Length == 2 && cgroups.Count == 0)
            {
                mounts.Add(new MountCounters(name, numbers[0], numbers[1]));
            }
            else
            {
                return null;
            }
        }

        return new MachineCounters(pool[0], pool[1], pool[2], pool[3], pool[4], nodes, mounts, cgroups);
    }

    private static long[]? Values(string[] words, string[] names)
    {
        var values = new string[names.Length];
        if (words.Length != names.Length)
        {
            return null;
        }

        for (var i = 0; i < names.Length; i++)
        {
            if (!words[i].StartsWith(names[i] + "=", StringComparison.Ordinal))
            {
                return null;
            }

            values[i] = words[i][(names[i].Length + 1)..];
        }

        return TryNumbers(values, out var numbers) ? numbers : null;
    }

    private static bool TryNumbers(string[] words, out long[] numbers)
    {
        numbers = new long[words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            if (!long.TryParse(words[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i]))
            {
                return false;
            }
        }

        return true;
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using Hugesim.Scenarios;

namespace Hugesim.Tests.Libhugetlbfs;

/// <summary>
/// What the suite demands of one step, written behind the command as the part of a recording's answer that matters:
/// <c>#&lt; ok val=1 | free=3 resv=0 | A=1/1</c>. No answer means <c>ok</c>; <c>*</c> stands for anything; counters that are not named are free.
/// </summary>
internal sealed record Expectation(string Answer, IReadOnlyList<(string Counter, string Value)> Counters)
{
    /// <summary>What begins an expectation.</summary>
    public const string Mark = " #<";

    /// <summary>A step on which the suite's program gives up unless it succeeds.</summary>
    public static Expectation Success { get; } = new("", []);

    /// <summary>The expectation of a scenario's line.</summary>
    public static Expectation Parse(string line)
    {
        var mark = line.IndexOf(Mark, StringComparison.Ordinal);
        if (mark < 0)
        {
            return Success;
        }

        var groups = line[(mark + Mark.Length)..].Split('|', StringSplitOptions.TrimEntries);
        return new Expectation(groups[0], [.. groups[1..].SelectMany(group => group.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(Counter)]);
    }

    /// <summary>What a step did otherwise than expected; empty if nothing.</summary>
    public IEnumerable<string> Differences(string answer, IReadOnlyList<string> deaths, MachineCounters counters)
    {
        if (!Answers(answer))
        {
            yield return $"answered '{answer}' instead of '{(Answer.Length == 0 ? "ok" : Answer)}'";
        }

        foreach (var death in deaths)
        {
            yield return $"{death}";
        }

        foreach (var (counter, expected) in Counters)
        {
            var actual = Value(counter, counters);
            if (actual != expected)
            {
                yield return $"{counter} is {actual} instead of {expected}";
            }
        }
    }

    private bool Answers(string answer) => Answer.Length == 0
        ? answer == "ok" || answer.StartsWith("ok ", StringComparison.Ordinal)
        : Regex.IsMatch(answer, $"^{Regex.Escape(Answer).Replace(@"\*", ".*", StringComparison.Ordinal)}$");

    private static (string Name, string Value) Counter(string text)
    {
        var equals = text.IndexOf('=');
        return equals > 0
            ? (text[..equals], text[(equals + 1)..])
            : throw new FormatException($"'{text}' is no counter: write NAME=VALUE");
    }

    private static string Value(string counter, MachineCounters counters) => counter switch
    {
        "nr" => Text(counters.Nr),
        "free" => Text(counters.Free),
        "resv" => Text(counters.Resv),
        "surp" => Text(counters.Surp),
        _ => counters.Mounts.FirstOrDefault(m => m.Name == counter) is { } mount ? $"{mount.Blocks}/{mount.FreeBlocks}" : "missing",
    };

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}

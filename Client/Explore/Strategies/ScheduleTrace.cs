using System.Globalization;
using System.Text.RegularExpressions;

namespace Hugesim.Explore;

/// <summary>A context switch: where a schedule leaves the usual order.</summary>
/// <param name="Step">The delivery, counted in the schedule's blocks from 0.</param>
/// <param name="Flow">The thread that goes on.</param>
/// <param name="Position">Which of its deliveries, oldest first; it has more than one only while a grain waits for several answers.</param>
public readonly record struct ContextSwitch(int Step, int Flow, int Position);

/// <summary>A fault of a message.</summary>
/// <param name="Message">The message, counted in the schedule's blocks from 0.</param>
/// <param name="Fault">What happens to it.</param>
public readonly record struct MessageEvent(int Message, MessageFault Fault);

/// <summary>A silo crashes before a delivery.</summary>
/// <param name="Step">The delivery, counted in the schedule's blocks from 0.</param>
/// <param name="Silo">The silo.</param>
public readonly record struct SiloCrash(int Step, int Silo);

/// <summary>
/// A schedule as that in which it differs from the usual order. It is enough, with the same scenario and machine, to have the run again; and it stays meaningful when a
/// part is left out, so that it can be shortened.
/// </summary>
/// <param name="Switches">The context switches, in order.</param>
/// <param name="Faults">The faults of messages, in order.</param>
/// <param name="Crashes">The silos that crash, in order.</param>
public sealed partial record ScheduleTrace(
    IReadOnlyList<ContextSwitch> Switches, IReadOnlyList<MessageEvent> Faults, IReadOnlyList<SiloCrash> Crashes)
{
    private const string Usual = "usual";

    /// <summary>The usual order.</summary>
    public static ScheduleTrace Empty { get; } = new([], [], []);

    /// <summary>How many deviations there are.</summary>
    public int Length => Switches.Count + Faults.Count + Crashes.Count;

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">It is not a schedule; the message says which word is wrong.</exception>
    public static ScheduleTrace Parse(string text)
    {
        var (switches, faults, crashes) = (new List<ContextSwitch>(), new List<MessageEvent>(), new List<SiloCrash>());
        foreach (var word in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(word => word != Usual))
        {
            if (Word().Match(word) is not { Success: true } match)
            {
                throw new FormatException(
                    $"'{word}' is not a part of a schedule: write STEP:THREAD, mMESSAGE:delay, mMESSAGE:lose, mMESSAGE:duplicate or sSTEP:crash:SILO, separated by commas");
            }

            if (match.Groups["flow"].Success)
            {
                switches.Add(new ContextSwitch(Number(match, "step"), Number(match, "flow"), match.Groups["position"].Success ? Number(match, "position") : 0));
            }
            else if (match.Groups["fault"].Success)
            {
                faults.Add(new MessageEvent(Number(match, "message"), Enum.Parse<MessageFault>(match.Groups["fault"].Value, ignoreCase: true)));
            }
            else
            {
                crashes.Add(new SiloCrash(Number(match, "at"), Number(match, "silo")));
            }
        }

        return new ScheduleTrace([.. switches.OrderBy(s => s.Step)], [.. faults.OrderBy(f => f.Message)], [.. crashes.OrderBy(c => c.Step)]);
    }

    /// <summary>One word for each deviation, separated by commas; <c>usual</c> if there is none.</summary>
    public override string ToString()
    {
        var words = Switches.Select(s => s.Position == 0 ? $"{s.Step}:{s.Flow}" : $"{s.Step}:{s.Flow}.{s.Position}")
            .Concat(Faults.Select(f => $"m{f.Message}:{f.Fault.ToString().ToLowerInvariant()}"))
            .Concat(Crashes.Select(c => $"s{c.Step}:crash:{c.Silo}"));
        var text = string.Join(',', words);
        return text.Length == 0 ? Usual : text;
    }

    private static int Number(Match match, string group) => int.TryParse(match.Groups[group].Value, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new FormatException($"'{match.Groups[group].Value}' in '{match.Value}' is too large");

    [GeneratedRegex(@"^((?<step>\d+):(?<flow>\d+)(\.(?<position>\d+))?|m(?<message>\d+):(?<fault>delay|lose|duplicate)|s(?<at>\d+):crash:(?<silo>\d+))$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}

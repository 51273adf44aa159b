using System.Globalization;
using Hugesim.Scenarios;

namespace Hugesim.Load;

/// <summary>How many processes of each kind a machine has at the start.</summary>
internal static class Population
{
    /// <summary>Shares processes out among the kinds of a profile.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="processes">Processes of one machine.</param>
    /// <param name="counts">How many of each kind, by their index.</param>
    /// <returns>What is wrong, or null.</returns>
    public static ScenarioError? Share(WorkloadProfile profile, long processes, out long[] counts)
    {
        counts = new long[profile.Kinds.Count];
        var left = processes - profile.Kinds.Where(kind => kind.Unit == ShareUnit.Fixed).Sum(kind => kind.Share);
        var needsMore = profile.Kinds.Any(kind => kind.Unit != ShareUnit.Fixed);
        if (left < 0 || (left == 0 && needsMore))
        {
            var least = processes - left + (needsMore ? 1 : 0);
            return new ScenarioError(profile.Name, 0, 0, Text($"{processes} processes a machine are too few for this profile"),
                Text($"it needs at least {least} a machine: give more --processes or fewer --machines"));
        }

        var divided = 0L;
        foreach (var kind in profile.Kinds)
        {
            counts[kind.Index] = kind.Unit switch
            {
                ShareUnit.Fixed => kind.Share,
                ShareUnit.Percent => left * kind.Share / 100,
                _ => 0,
            };
            divided += kind.Unit == ShareUnit.Percent ? counts[kind.Index] : 0;
        }

        // What rounding leaves over goes to the rest, or to the first kind that has a percentage.
        var taker = profile.Kinds.FirstOrDefault(kind => kind.Unit == ShareUnit.Rest) ?? profile.Kinds.FirstOrDefault(kind => kind.Unit == ShareUnit.Percent);
        if (taker is not null)
        {
            counts[taker.Index] += left - divided;
        }
        else if (left > 0)
        {
            return new ScenarioError(profile.Name, 0, 0, Text($"the profile has {processes - left} processes a machine, and {processes} are asked for"),
                "give one kind of process the share 'rest'");
        }

        return null;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>The kernel and the nodes that a folder's name stands for, such as <c>7.3</c> or <c>7.3-numa2</c>.</summary>
/// <param name="Profile">The kernel.</param>
/// <param name="Nodes">The number of NUMA nodes.</param>
public sealed record RecordingFolder(string Profile, int Nodes)
{
    private const string NodesMark = "-numa";

    /// <summary>Finds the nearest folder in a file's path that is named like one of the kernels, or null.</summary>
    public static RecordingFolder? Find(string file, IReadOnlyList<string> profiles)
    {
        for (var folder = Path.GetDirectoryName(Path.GetFullPath(file)); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Parse(Path.GetFileName(folder), profiles) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Reads a folder's name, or returns null if it is not named like one of the kernels.</summary>
    public static RecordingFolder? Parse(string name, IReadOnlyList<string> profiles)
    {
        var mark = name.IndexOf(NodesMark, StringComparison.Ordinal);
        var profile = mark < 0 ? name : name[..mark];
        if (!profiles.Contains(profile, StringComparer.Ordinal))
        {
            return null;
        }

        if (mark < 0)
        {
            return new RecordingFolder(profile, 1);
        }

        return int.TryParse(name.AsSpan(mark + NodesMark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var nodes)
            && nodes is >= 1 and <= ScenarioLimits.Nodes
            ? new RecordingFolder(profile, nodes)
            : null;
    }
}

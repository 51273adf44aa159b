using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text;

namespace Hugesim.Model;

/// <summary>The bugs of <see cref="KernelBug"/> by the names that users write.</summary>
public static class KernelBugs
{
    /// <summary>What stands before the name of a bug that a kernel has besides its own: <c>7.3+repair+bug:steal-reserved-page</c>.</summary>
    public const string BugMark = "+bug:";

    private static readonly KernelBug[] s_all = [.. Enum.GetValues<KernelBug>().Where(bug => bug != KernelBug.None)];
    private static readonly FrozenDictionary<string, KernelBug> s_byName = s_all.ToFrozenDictionary(NameOf);
    private static readonly ConcurrentDictionary<string, KernelProfile> s_mutants = new();

    /// <summary>Every bug, one bit each.</summary>
    public static IReadOnlyList<KernelBug> All => s_all;

    /// <summary>The name of a single bug: <c>B4</c>, <c>steal-reserved-page</c>.</summary>
    public static string NameOf(KernelBug bug)
    {
        var name = new StringBuilder();
        foreach (var letter in bug.ToString())
        {
            if (char.IsUpper(letter) && name.Length > 0)
            {
                name.Append('-');
            }

            name.Append(letter);
        }

        return name.Length == 2 ? name.ToString() : name.ToString().ToLowerInvariant();
    }

    /// <summary>The bug of that name.</summary>
    /// <exception cref="ArgumentException">No such bug.</exception>
    public static KernelBug Get(string name) => s_byName.TryGetValue(name, out var bug)
        ? bug
        : throw new ArgumentException($"no bug '{name}'; there are {string.Join(", ", s_all.Select(NameOf))}", nameof(name));

    /// <summary>The same kernel with one bug more, named <c>7.3+bug:B4</c>.</summary>
    public static KernelProfile With(this KernelProfile profile, KernelBug bug)
    {
        var mutant = profile with { Name = profile.Name + BugMark + NameOf(bug), Bugs = profile.Bugs | bug };
        return bug switch
        {
            KernelBug.B1 => mutant with { UnmapRestore = UnmapRestoreRule.EvenWhenShared },
            KernelBug.B2 => mutant with { FailedReserve = FailedReserveRule.PutSubpoolShareThenQuota },
            KernelBug.B5 => mutant with { FailedReserve = FailedReserveRule.PutWholeChg },
            KernelBug.FailedReserveLosesQuota => mutant with { FailedReserve = FailedReserveRule.PutSubpoolShare },
            KernelBug.NoreserveOomKill => mutant with { NoPage = NoPageRule.Sigkill },
            KernelBug.RestoreOnlyConsumed => mutant with { RestoreCoversAllStates = false },
            KernelBug.FailedCopyLosesReserve => mutant with { CopyFailure = CopyFailureRule.FlagByMapping },
            _ => mutant,
        };
    }

    /// <summary>The kernel that a name with <see cref="BugMark"/> in it means, or null for any other name.</summary>
    /// <exception cref="ArgumentException">No such kernel or bug.</exception>
    public static KernelProfile? FindMutant(string name) =>
        name.Contains(BugMark, StringComparison.Ordinal) ? s_mutants.GetOrAdd(name, Make) : null;

    private static KernelProfile Make(string name)
    {
        var parts = name.Split(BugMark);
        return parts[1..].Select(Get).Aggregate(KernelProfiles.Get(parts[0]), With);
    }
}

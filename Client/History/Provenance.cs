using Hugesim.Audit;

namespace Hugesim.History;

/// <summary>Huge pages that somebody holds, and the steps that gave them to him.</summary>
/// <param name="Holder">Key of the VMA, inode or subpool.</param>
/// <param name="Pages">How many.</param>
/// <param name="Steps">Numbers of the steps, each once.</param>
public sealed record Holding(string Holder, long Pages, IReadOnlyList<int> Steps);

/// <summary>Who holds the pages of a machine after a step: in use, or promised; and since when. Found by comparing what each step left.</summary>
public sealed class Provenance
{
    private readonly Dictionary<long, int> _takenAt = [];
    private readonly Dictionary<string, (long Pages, List<int> Steps)> _promised = new(StringComparer.Ordinal);
    private MachineSnapshot? _snapshot;

    /// <summary>The pages in use, by who names them; a page with several users is the first one's: the page cache before mappings.</summary>
    public IReadOnlyList<Holding> InUse { get; private set; } = [];

    /// <summary>Reservations promised and not yet had.</summary>
    public IReadOnlyList<Holding> Promised { get; private set; } = [];

    /// <summary>Follows a run up to and including a step.</summary>
    /// <param name="run">A run that was looked into.</param>
    /// <param name="step">The step's number; 0 for the machine before the first.</param>
    public static Provenance After(RecordedRun run, int step)
    {
        var provenance = new Provenance();
        foreach (var recorded in run.Steps.Take(step))
        {
            provenance.Follow(recorded);
        }

        provenance.Sum();
        return provenance;
    }

    private void Follow(RecordedStep step)
    {
        _snapshot = step.Snapshot ?? throw new ArgumentException("the run was recorded without looking into the machine", nameof(step));
        var inUse = _snapshot.Frames.SelectMany(node => node ?? []).Select(frame => frame.Pfn).ToHashSet();
        foreach (var gone in _takenAt.Keys.Where(pfn => !inUse.Contains(pfn)).ToArray())
        {
            _takenAt.Remove(gone);
        }

        foreach (var pfn in inUse)
        {
            _takenAt.TryAdd(pfn, step.Result.Number);
        }

        var promised = Promises(_snapshot);
        foreach (var gone in _promised.Keys.Where(key => !promised.ContainsKey(key)).ToArray())
        {
            _promised.Remove(gone);
        }

        foreach (var (key, pages) in promised)
        {
            var (before, steps) = _promised.GetValueOrDefault(key, (0, []));
            if (pages > before)
            {
                steps.Add(step.Result.Number);
            }

            _promised[key] = (pages, steps);
        }
    }

    private static Dictionary<string, long> Promises(MachineSnapshot snapshot) =>
        snapshot.Vmas.Select(vma => (vma.Key, Pages: Outstanding.Of(vma.Value)))
            .Concat(snapshot.Inodes.Select(inode => (inode.Key, Outstanding.Of(inode.Value))))
            .Concat(snapshot.Subpools.Where(subpool => !subpool.Value.Released).Select(subpool => (subpool.Key, subpool.Value.Rsv)))
            .Where(promise => promise.Item2 != 0)
            .ToDictionary(promise => promise.Key, promise => promise.Item2, StringComparer.Ordinal);

    private void Sum()
    {
        if (_snapshot is null)
        {
            return;
        }

        var users = new Dictionary<long, string>();
        foreach (var (key, pfn) in _snapshot.Inodes.SelectMany(inode => inode.Value.Cache.Select(page => (inode.Key, page.Pfn)))
            .Concat(_snapshot.Vmas.SelectMany(vma => vma.Value.Ptes.Select(pte => (vma.Key, pte.Pfn)))))
        {
            users.TryAdd(pfn, key);
        }

        InUse =
        [
            .. _takenAt.GroupBy(taken => users.GetValueOrDefault(taken.Key, "nobody"), StringComparer.Ordinal)
                .Select(group => new Holding(group.Key, group.Count(), [.. group.Select(taken => taken.Value).Distinct().Order()]))
                .OrderByDescending(holding => holding.Pages)
                .ThenBy(holding => holding.Holder, StringComparer.Ordinal),
        ];
        Promised =
        [
            .. _promised.Select(promise => new Holding(promise.Key, promise.Value.Pages, promise.Value.Steps))
                .OrderByDescending(holding => holding.Pages)
                .ThenBy(holding => holding.Holder, StringComparer.Ordinal),
        ];
    }
}

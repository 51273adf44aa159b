using System.Globalization;

namespace Hugesim.History;

/// <summary>What would have been enough for a step that failed for lack of pages.</summary>
internal static class Remedies
{
    /// <summary>A sentence, or null where no number of pages would have helped.</summary>
    public static string? Of(RecordedStep step, IReadOnlyList<Cause> causes)
    {
        var decided = causes.Count > 0 ? causes[^1] : null;
        if (decided?.Routine is not ("hugetlb_acct_memory" or "dequeue_hugetlb_folio") || decided.Why.StartsWith("charge", StringComparison.Ordinal))
        {
            return null;
        }

        var span = step.Spans.Last(span => span.Name == decided.Routine && span.Failed);
        long Read(string tag) => long.Parse(span.Tag(tag)!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var wanted = decided.Routine == "hugetlb_acct_memory" ? Read(Telemetry.KernelTracing.Tags.Chg) : 1;
        var available = Read("hugesim.before.free_pages") - Read("hugesim.before.resv_pages");
        var missing = wanted - available;
        return missing <= 0
            ? "pages are available, but not on the nodes that the task's memory policy and cpuset allow"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{(missing == 1 ? "1 page more" : $"{missing} pages more")} in the pool (nr_hugepages {Read("hugesim.before.nr_pages") + missing}), or surplus pages allowed by overcommit, would have been enough for this step");
    }
}

using System.Globalization;
using System.Text;

namespace Hugesim.Museum;

/// <summary>The page of the museum in the docs.</summary>
public static class MuseumPage
{
    /// <summary>Where it lies in the repository.</summary>
    public const string File = "docs/museum.md";

    /// <summary>Writes the page.</summary>
    public static string Write()
    {
        var page = new StringBuilder();
        page.Append("""
            # The museum

            Real bugs of hugetlb accounting. Each can be switched on with `--bug NAME`, and is found by checks that know nothing of it: the invariants of the
            [audit](../ARCHITECTURE.md#audit), what a real kernel answered, the guarantees of the documents. `hugesim museum` switches them on one after the other and says which
            are found, by which check and in which schedule; the kernel without the bug must pass the same scenario, under as many schedules as the bug may need.
            `hugesim museum NAME` tells one exhibit step by step. `hugesim museum --markdown` writes this page.

            | | name | year | what went wrong | caught by | schedules |
            | --- | --- | --- | --- | --- | --- |

            """.ReplaceLineEndings("\n"));
        foreach (var exhibit in Exhibits.All)
        {
            var schedules = exhibit.IsRace ? $"up to {exhibit.Schedules}" : "any";
            page.Append(
                CultureInfo.InvariantCulture,
                $"| {exhibit.Number} | [{exhibit.Name}](#{exhibit.Name.ToLowerInvariant()}) | {exhibit.Year} | {exhibit.Title} | {exhibit.Check} | {schedules} |\n");
        }

        page.Append("""

            Number 39 is B5. "(details from memory)" stands where the commit was not read again.

            ## Not shown

            | | commits | year | what went wrong | why not |
            | --- | --- | --- | --- | --- |

            """.ReplaceLineEndings("\n"));
        foreach (var bug in Exhibits.Missing)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {bug.Number} | {bug.Commits} | {bug.Year} | {bug.Title} | {bug.Reason} |\n");
        }

        foreach (var exhibit in Exhibits.All)
        {
            Describe(page, exhibit);
        }

        return page.ToString();
    }

    private static void Describe(StringBuilder page, Exhibit exhibit)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n## {exhibit.Name}\n\n**{exhibit.Title}** ({exhibit.Number}, {exhibit.Year}; {exhibit.Commits})\n\n");
        page.Append(CultureInfo.InvariantCulture, $"- What the code did: {exhibit.Did}\n- Shown by: {exhibit.Shows}\n- Goes wrong: {exhibit.Wrong}\n");
        page.Append(CultureInfo.InvariantCulture, $"- Caught by: {exhibit.Check}\n- Fix: {exhibit.Fix}\n- Reference: {exhibit.Reference}\n\n");
        var nodes = exhibit.Nodes == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", {exhibit.Nodes} nodes");
        var kernel = exhibit.Kernel is null ? "" : $"; a real {exhibit.Kernel} has answered the same scenario";
        page.Append(CultureInfo.InvariantCulture, $"On {exhibit.Profile}{nodes}{kernel}:\n\n```\n{string.Join('\n', exhibit.Lines)}\n```\n");
    }
}

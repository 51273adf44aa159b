using System.Globalization;

namespace Hugesim.Tests.Libhugetlbfs;

/// <summary>
/// The complete transition table of the suite's <c>counters</c> test as a scenario: four pool sizes, each with nothing mapped and with four kinds of
/// mappings present, and under each the same operations; behind every operation what <see cref="PoolRules"/> expects.
/// </summary>
internal sealed class CounterTable
{
    private const int Column = 34;

    private readonly List<string> _lines =
    [
        "# libhugetlbfs counters: every transition of total, free, reserved and surplus pages.",
        "# Generated from the rules in PoolRules.cs; a test compares the two.",
        "overcommit 10",
        "mount A",
        "proc p",
    ];

    private PoolRules _pool;

    /// <summary>The lines of the scenario.</summary>
    public static IReadOnlyList<string> Lines { get; } = new CounterTable().Build();

    private List<string> Build()
    {
        for (var size = 0; size <= 3; size++)
        {
            Section($"pool of {size}, nothing mapped");
            Operations(size);
            foreach (var kind in new[] { "shared", "private" })
            {
                Around(size, kind, touched: false);
            }

            foreach (var kind in new[] { "shared", "private" })
            {
                Around(size, kind, touched: true);
            }
        }

        return _lines;
    }

    private void Around(int size, string kind, bool touched)
    {
        Section($"pool of {size}, with a {kind} mapping, {(touched ? "touched" : "untouched")}");
        Map("s", 1, kind);
        if (touched)
        {
            Touch("s", 1);
        }

        Operations(size);
        Unmap("s", 1, touched ? 1 : 0);
    }

    private void Operations(int size)
    {
        Resize(size);
        foreach (var touched in new[] { 0, 1 })
        {
            foreach (var kind in new[] { "shared", "private" })
            {
                Map("t", 1, kind);
                if (touched > 0)
                {
                    Touch("t", touched);
                }

                Unmap("t", 1, touched);
            }
        }

        // Explicit sizes while there may be surplus: it is used up, pages are added, free ones given back, and surplus comes again.
        Map("t", 2, "shared");
        Resize(Math.Max(size, 1));
        Resize(Math.Max(size, 3));
        Resize(Math.Max(size, 2));
        Resize(size);
        Unmap("t", 2, 0);
    }

    private void Section(string title)
    {
        _lines.Add("");
        _lines.Add("# " + title);
    }

    private void Resize(int pages) => Add($"pool {pages}", _pool.Resize(pages));

    private void Map(string slot, int pages, string kind)
    {
        _lines.Add($"p open f{slot} A/{slot}");
        _lines.Add($"p unlink A/{slot}");
        Add($"p mmap {slot} {pages} {kind} fd=f{slot}", _pool.Map(pages));
    }

    private void Touch(string slot, int pages) => Add($"p w {slot} 0..{pages - 1}", _pool.Touch(pages));

    private void Unmap(string slot, int pages, int touched)
    {
        _lines.Add($"p munmap {slot}");
        Add($"p close f{slot}", _pool.Unmap(pages, touched));
    }

    private void Add(string command, PoolRules after)
    {
        _pool = after;
        _lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{command.PadRight(Column)}{Expectation.Mark.TrimStart()} | nr={after.Total} free={after.Free} resv={after.Resv} surp={after.Surplus}"));
    }
}

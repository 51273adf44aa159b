using System.Reflection;
using System.Text.RegularExpressions;
using Hugesim.Tests.Tidy;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Libhugetlbfs;

/// <summary>Row R29: docs/libhugetlbfs.md names every program of the suite, and what stands for it here exists and is tested.</summary>
public sealed partial class SuiteTableTests
{
    /// <summary>The C programs in the suite's folder.</summary>
    private const string Suite = """
        alloc-instantiate-race brk_near_huge chunk-overcommit compare_kvers corrupt-by-cow-opt counters direct dummy empty_mounts
        fadvise_reserve fallocate_align fallocate_basic fallocate_stress find_path fork-cow get_huge_pages get_hugepage_region
        get_hugetlbfs_path gethugepagesize gethugepagesizes heap-overflow heapshrink heapshrink-helper huge_at_4GB_normal_below
        huge_below_4GB_normal_above icache-hygiene large_mounts libtestutils linkhuge linkhuge_nofd linkhuge_rw linkshare
        madvise_reserve malloc malloc_manysmall map_high_truncate_2 meminfo_nohuge misalign misaligned_offset mlock mmap-cow
        mmap-gettest mprotect mremap-expand-slice-collision mremap-fixed-huge-near-normal mremap-fixed-normal-near-huge
        noresv-preserve-resv-page noresv-regarded-as-resv private ptrace-write-hugepage quota readahead_reserve readback shared
        shm-fork shm-getraw shm-gettest shm-perms shmoverride_unlinked slbpacaflush stack_grow_into_huge straddle_4GB
        task-size-overrun test_root testutils truncate truncate_above_4GB truncate_reserve_wraparound truncate_sigbus_versus_oom
        unlinked_fd zero_filesize_segment
        """;

    private static readonly string Page = Path.Combine(SourceTree.Root, "docs", "libhugetlbfs.md");

    private static readonly (string[] Names, string Text)[] Rows =
        [.. File.ReadAllLines(Page).Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(Row)];

    [Fact]
    public void R29_Table_NamesEveryProgramOfTheSuiteOnce()
    {
        // alloc-instantiate-race is two tests: one for shared, one for private mappings.
        var named = Rows.SelectMany(row => row.Names).ToArray();

        named.ShouldBeUnique();
        named.Select(name => name.Split(' ')[0]).Distinct().ShouldBe(Suite.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), ignoreOrder: true);
    }

    [Fact]
    public void R29_Table_Scenarios_ExistAndSayWhichTestTheyStandFor()
    {
        var linked = new List<string>();
        foreach (var (names, text) in Rows)
        {
            foreach (var path in Link().Matches(text).Select(match => match.Groups[1].Value))
            {
                var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Page)!, path));
                File.ReadLines(file).First().ShouldStartWith($"# libhugetlbfs {names[0]}");
                linked.Add(Path.GetFileNameWithoutExtension(file));
            }
        }

        linked.ShouldBe(SuiteScenario.Names, ignoreOrder: true);
    }

    [Fact]
    public void R29_Table_Programs_ExistAndAreRunInParallelAndUnderSeeds()
    {
        var named = Rows.SelectMany(row => Program().Matches(row.Text)).Select(match => match.Groups[1].Value);
        var programs = typeof(SuiteRaces).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(method => method.Name).ToArray();
        named.ShouldBe(programs, ignoreOrder: true);

        foreach (var file in new[] { "SuiteRaceTests.cs", "SuiteRaceScheduleTests.cs" })
        {
            var source = string.Join('\n', SourceTree.CSharp.Single(source => Path.GetFileName(source.Path) == file).Lines);
            programs.ShouldAllBe(program => Regex.IsMatch(source, $@"\bSuiteRaces\.{program}\b"));
        }
    }

    private static (string[] Names, string Text) Row(string line)
    {
        var cells = line.Split('|', StringSplitOptions.TrimEntries);
        return ([.. cells[1].Split(',', StringSplitOptions.TrimEntries).Select(name => name.Trim('`'))], cells[2]);
    }

    [GeneratedRegex(@"\]\(([^)]*\.txt)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`SuiteRaces\.(\w+)`")]
    private static partial Regex Program();
}

using System.Reflection;
using System.Text.RegularExpressions;
using Hugesim.Silo;
using Hugesim.Tests.Tidy;
using Shouldly;
using Xunit;
using Xunit.v3;

namespace Hugesim.Tests.Documents;

/// <summary>
/// docs/traceability.md links each rule of the two documents to code and tests. A test shows a rule by a trait, <c>[Trait("Row", "R17")]</c>, on the method or its
/// class, or by a name that begins with the row.
/// </summary>
public sealed partial class TraceabilityTests
{
    private const string Document = "docs/traceability.md";
    private const string Block = "rows";

    private static readonly MarkdownFile s_document = MarkdownFile.Read(Document);
    private static readonly ILookup<string, string> s_tests = FindTests();
    private static readonly string[] s_rows = [.. Enumerable.Range(1, 6).Select(i => $"A{i}"), .. Enumerable.Range(1, 29).Select(i => $"R{i}")];

    // The build for Orleans leaves out what only the embedded engine can do.
    private static bool HasAllTests => GrainHost.SupportsDeterministic;

    [Fact]
    public void Table_EveryRow_NamesTheTestsThatShowIt()
    {
        var lines = s_document.Block(Block);
        lines.Skip(2).Select(line => Cells(line)[0]).ShouldBe(s_rows);
        if (HasAllTests)
        {
            s_document.CheckBlock(Block, [.. lines.Take(2), .. lines.Skip(2).Select(line => WithTests(Cells(line)))]);
            return;
        }

        foreach (var cells in lines.Skip(2).Select(Cells))
        {
            s_tests[cells[0]].Select(Quote).ShouldBeSubsetOf(cells[3].Split("<br>"), $"row {cells[0]}");
        }
    }

    [Fact]
    public void Table_EveryRow_HasATest() => s_rows.Where(row => !s_tests.Contains(row)).ShouldBeEmpty("rows without a test");

    [Fact]
    public void Traits_OfAllTests_NameRowsThatThereAre() => s_tests.Select(tests => tests.Key).Except(s_rows).ShouldBeEmpty("no such rows");

    [Fact]
    public void Table_EveryLink_LeadsToARoutineInAFile()
    {
        foreach (var cells in s_document.Block(Block).Skip(2).Select(Cells))
        {
            var links = Link().Matches(cells[2]);
            links.ShouldNotBeEmpty($"row {cells[0]} names no code");
            foreach (Match link in links)
            {
                var path = Path.Combine(SourceTree.Root, link.Groups["path"].Value);
                File.Exists(path).ShouldBeTrue($"row {cells[0]}: no file {link.Groups["path"].Value}");
                File.ReadAllText(path).ShouldMatch($@"\b{link.Groups["routine"].Value}\b", $"row {cells[0]}: {link.Groups["path"].Value}");
            }
        }
    }

    private static string WithTests(string[] cells) =>
        $"| {cells[0]} | {cells[1]} | {cells[2]} | {string.Join("<br>", s_tests[cells[0]].Order(StringComparer.Ordinal).Select(Quote))} |";

    private static string Quote(string test) => $"`{test}`";

    private static string[] Cells(string line) => [.. line.Split('|')[1..^1].Select(cell => cell.Trim())];

    private static ILookup<string, string> FindTests()
    {
        var tests = from type in typeof(TraceabilityTests).Assembly.GetTypes()
                    from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                    where method.GetCustomAttributes().Any(attribute => attribute is IFactAttribute)
                    from row in RowsOf(type, method)
                    select (Row: row, Test: $"{type.Name}.{method.Name}");
        return tests.Distinct().ToLookup(test => test.Row, test => test.Test);
    }

    private static IEnumerable<string> RowsOf(Type type, MethodInfo method)
    {
        var traits = method.GetCustomAttributes<TraitAttribute>().Concat(type.GetCustomAttributes<TraitAttribute>());
        var rows = traits.Where(trait => trait.Name == "Row").Select(trait => trait.Value);
        return RowInName().Match(method.Name) is { Success: true } match ? rows.Append(match.Groups["row"].Value) : rows;
    }

    [GeneratedRegex(@"^(?<row>[AR]\d+)_")]
    private static partial Regex RowInName();

    [GeneratedRegex(@"\[`(?<routine>\w+)`\]\(\.\./(?<path>[^)#]+)\)")]
    private static partial Regex Link();
}

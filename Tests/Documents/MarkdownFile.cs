using Hugesim.Tests.Tidy;
using Shouldly;

namespace Hugesim.Tests.Documents;

/// <summary>A page of the documentation of which tests check parts. With HUGESIM_WRITE_DOCS=1 they write those parts instead.</summary>
internal sealed class MarkdownFile
{
    private readonly string _path;
    private readonly Lock _lock = new();
    private List<string> _lines;

    private MarkdownFile(string path)
    {
        _path = Path.Combine(SourceTree.Root, path);
        _lines = [.. File.ReadAllLines(_path)];
    }

    private static bool Writes => Environment.GetEnvironmentVariable("HUGESIM_WRITE_DOCS") == "1";

    public static MarkdownFile Read(string path) => new(path);

    /// <summary>The lines between the marks <c>&lt;!-- begin NAME --&gt;</c> and <c>&lt;!-- end NAME --&gt;</c>.</summary>
    public IReadOnlyList<string> Block(string name)
    {
        var (first, end) = FindBlock(name);
        return _lines[first..end];
    }

    /// <summary>Fails if a block is not what it should be, or writes it.</summary>
    public void CheckBlock(string name, IReadOnlyList<string> expected)
    {
        if (!Writes)
        {
            Block(name).ShouldBe(expected, $"{_path} is stale: run this test with HUGESIM_WRITE_DOCS=1");
            return;
        }

        lock (_lock)
        {
            var (first, end) = FindBlock(name);
            _lines = [.. _lines[..first], .. expected, .. _lines[end..]];
            File.WriteAllText(_path, string.Join('\n', _lines) + "\n");
        }
    }

    /// <summary>The first block of code below a heading of that name.</summary>
    public IReadOnlyList<string> CodeBelow(string heading)
    {
        var at = _lines.FindIndex(line => line.TrimStart('#') == " " + heading && line[0] == '#');
        at.ShouldBeGreaterThanOrEqualTo(0, $"{_path} has no heading '{heading}'");
        var code = _lines.Skip(at + 1).TakeWhile(line => !line.StartsWith('#')).SkipWhile(line => !line.StartsWith("```", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => line != "```").ToArray();
        code.ShouldNotBeEmpty($"{_path} has no scenario below '{heading}'");
        return code;
    }

    private (int First, int End) FindBlock(string name)
    {
        var (begin, end) = (_lines.IndexOf($"<!-- begin {name} -->"), _lines.IndexOf($"<!-- end {name} -->"));
        (begin >= 0 && end > begin).ShouldBeTrue($"{_path} has no block '{name}'");
        return (begin + 1, end);
    }
}

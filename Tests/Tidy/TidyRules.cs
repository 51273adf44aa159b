using System.Text.RegularExpressions;

namespace Hugesim.Tests.Tidy;

/// <summary>Rules about source text. Each returns what it found, as path, line and text. They read lines, not syntax, and rely on formatted code.</summary>
internal static partial class TidyRules
{
    public const int MostLines = 400;

    // Put together from halves, so that this file does not hold the words that it looks for.
    private static readonly Regex Unfinished = new(string.Join(
        '|',
        @"\bTO" + @"DO\b",
        @"\bFIX" + @"ME\b",
        "NotImplemented" + "Exception",
        @"^\s*#" + "if ",
        "pragma warning " + "disable"));

    private static readonly Regex MachinePath = new(string.Join(
        '|',
        @"(?<![\w.])/ho" + @"me/\w",
        @"(?<![\w.])/ro" + "ot/",
        @"(?<![\w.])/wo" + "rk/",
        @"(?<![\w.])/Us" + @"ers/\w",
        @"\b[A-Z]:\\Us" + "ers"));

    public static IEnumerable<string> TooLong(SourceFile file)
    {
        if (file.Lines.Length > MostLines)
        {
            yield return $"{file.Path}: {file.Lines.Length} lines";
        }
    }

    public static IEnumerable<string> UnfinishedCode(SourceFile file) => Lines(file, Unfinished.IsMatch);

    public static IEnumerable<string> MachinePaths(SourceFile file) => Lines(file, MachinePath.IsMatch);

    public static IEnumerable<string> OpenClasses(SourceFile file) => Lines(file, line => ClassDeclaration().IsMatch(line) && !ClosedModifier().IsMatch(line));

    public static IEnumerable<string> ImpureModel(SourceFile file) => Lines(file, line => AsyncWord().IsMatch(WithoutComment(line)));

    /// <summary>Public types and members, all of whose enclosing types are public, without a documentation comment above their attributes.</summary>
    public static IEnumerable<string> Undocumented(SourceFile file)
    {
        var enclosing = new Stack<(int Indent, bool IsPublic)>();
        for (var i = 0; i < file.Lines.Length; i++)
        {
            var line = file.Lines[i];
            var text = line.TrimStart();
            if (text.Length == 0 || text.StartsWith("//", StringComparison.Ordinal))
            {
                continue;
            }

            var indent = line.Length - text.Length;
            while (enclosing.TryPeek(out var type) && type.Indent >= indent && text[0] is not ('{' or '}'))
            {
                enclosing.Pop();
            }

            var isPublic = text.StartsWith("public ", StringComparison.Ordinal);
            if (isPublic && enclosing.All(type => type.IsPublic) && !IsDocumented(file.Lines, i))
            {
                yield return Describe(file, i);
            }

            if (TypeDeclaration().IsMatch(text))
            {
                enclosing.Push((indent, isPublic));
            }
        }
    }

    private static bool IsDocumented(string[] lines, int at)
    {
        do
        {
            at--;
        }
        while (at >= 0 && lines[at].TrimStart().StartsWith('['));

        return at >= 0 && lines[at].TrimStart().StartsWith("///", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Lines(SourceFile file, Func<string, bool> isWrong)
    {
        for (var i = 0; i < file.Lines.Length; i++)
        {
            if (isWrong(file.Lines[i]))
            {
                yield return Describe(file, i);
            }
        }
    }

    private static string Describe(SourceFile file, int index) => $"{file.Path}:{index + 1}: {file.Lines[index].Trim()}";

    private static string WithoutComment(string line)
    {
        var comment = line.IndexOf("//", StringComparison.Ordinal);
        return comment < 0 ? line : line[..comment];
    }

    [GeneratedRegex(@"^\s*((public|internal|private|protected|file|static|sealed|abstract|partial|readonly|unsafe|new)\s+)*class\s+\w")]
    private static partial Regex ClassDeclaration();

    [GeneratedRegex(@"\b(sealed|static|abstract)\s+([\w\s]+\s)?class\b")]
    private static partial Regex ClosedModifier();

    [GeneratedRegex(@"^((public|internal|private|protected|file|static|sealed|abstract|partial|readonly|ref|unsafe|new)\s+)*(class|struct|record|interface|enum)\s+\w")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"\b(async|await|Task|ValueTask|Orleans)\b")]
    private static partial Regex AsyncWord();
}

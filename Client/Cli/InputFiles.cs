using System.IO.Enumeration;
using System.Text;
using Hugesim.Museum;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Opens what the user names, and says in the user's words why that fails.</summary>
internal static class InputFiles
{
    /// <summary>The ending of recordings.</summary>
    public const string RecordingEnding = ".out";

    /// <summary>What stands before the name of an exhibit of the museum, whose scenario is read like a file: <c>museum:B4</c>.</summary>
    public const string MuseumMark = "museum:";

    /// <summary>Opens a file for reading.</summary>
    public static (Stream? Stream, ScenarioError? Error) Open(string path)
    {
        if (path.StartsWith(MuseumMark, StringComparison.Ordinal))
        {
            var name = path[MuseumMark.Length..];
            return Exhibits.Find(name) is { } exhibit
                ? (new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', exhibit.Lines) + "\n")), null)
                : (null, Whole(path, $"the museum has no exhibit '{name}'", Suggestion.For(name, [.. Exhibits.All.Select(e => e.Name)]) is { } similar
                    ? $"did you mean {MuseumMark}{similar}? 'hugesim museum --list' shows all" : "'hugesim museum --list' shows all"));
        }

        if (path.Length == 0 || Directory.Exists(path))
        {
            return (null, Whole(path, path.Length == 0 ? "the file name is empty" : "this is a folder", "name a file"));
        }

        try
        {
            return (new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (null, Explain(path, exception));
        }
    }

    /// <summary>Why a file cannot be read, or null: said before what its name should tell.</summary>
    public static ScenarioError? WhyNot(string path)
    {
        var (stream, error) = Open(path);
        stream?.Dispose();
        return error;
    }

    /// <summary>Whether a file has a line that begins a parallel block; false for what cannot be read, which is reported when it is run.</summary>
    public static bool HasParallelBlock(string path)
    {
        if (path.StartsWith(MuseumMark, StringComparison.Ordinal))
        {
            return Exhibits.Find(path[MuseumMark.Length..]) is { IsRace: true };
        }

        try
        {
            return File.Exists(path) && File.ReadLines(path).Any(line => line.TrimStart().StartsWith(ScenarioParser.BlockBegin, StringComparison.Ordinal));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Finds the recordings below the named files and folders, sorted, each once.</summary>
    public static IReadOnlyList<string> FindRecordings(IReadOnlyList<string> paths, List<ScenarioError> errors)
    {
        var files = new List<string>();
        foreach (var path in paths)
        {
            if (!Directory.Exists(path))
            {
                files.Add(path);
                continue;
            }

            try
            {
                var found = Below(path).OrderBy(file => file, StringComparer.Ordinal).ToArray();
                files.AddRange(found);
                if (found.Length == 0)
                {
                    errors.Add(Whole(path, "there are no recordings in this folder", $"recordings are files that end in {RecordingEnding}"));
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                errors.Add(Explain(path, exception));
            }
        }

        return [.. files.DistinctBy(Path.GetFullPath)];
    }

    /// <summary>Says why a file cannot be read.</summary>
    public static ScenarioError Explain(string path, Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => Whole(path, "no such file or folder", "check the name and the folder you are in"),
        UnauthorizedAccessException => Whole(path, "permission denied", "make it readable for you, or run as a user who may read it"),
        _ => Whole(path, $"cannot be read: {exception.Message}", "name a readable file"),
    };

    private static FileSystemEnumerable<string> Below(string folder) => new(
        folder,
        (ref FileSystemEntry entry) => entry.ToSpecifiedFullPath(),
        new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = 0 })
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) =>
            !entry.IsDirectory && entry.FileName.EndsWith(RecordingEnding, StringComparison.Ordinal),
        ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
    };

    private static ScenarioError Whole(string path, string message, string hint) =>
        new(path.Length == 0 ? "(no name)" : path, 0, 0, message, hint);
}

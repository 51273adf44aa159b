using System.Text;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>A file that a command writes when its work is done.</summary>
internal static class ReportFile
{
    /// <summary>Why nothing can be written there, or null: better known before the work than after it.</summary>
    public static ScenarioError? WhyNot(string path)
    {
        if (path.Length == 0 || Directory.Exists(path))
        {
            return new ScenarioError(path.Length == 0 ? "(no name)" : path, 0, 0, path.Length == 0 ? "the file name is empty" : "this is a folder", "name a file");
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null && !Directory.Exists(folder))
        {
            return new ScenarioError(path, 0, 0, "its folder does not exist", $"make it first: mkdir -p {folder}");
        }

        try
        {
            // Opened, but not changed: an older report stays until the new one is whole.
            using var probe = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new ScenarioError(path, 0, 0, $"cannot be written: {exception.Message}", "name a file in a folder that you may write to");
        }
    }

    /// <summary>Writes the file. A file with content is replaced only by a whole new one; an empty one, or a device, has nothing to lose.</summary>
    /// <exception cref="OutputFailedException">It cannot be written.</exception>
    public static void Write(string path, string text) => Write(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text));

    /// <inheritdoc cref="Write(string, string)"/>
    public static void Write(string path, byte[] content)
    {
        var isReplaced = new FileInfo(path) is { Exists: true, Length: > 0 };
        var target = isReplaced ? path + ".new" : path;
        try
        {
            File.WriteAllBytes(target, content);
            if (isReplaced)
            {
                File.Move(target, path, overwrite: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Half of a file is worse than none; a device has no length.
            if (new FileInfo(target) is { Exists: true, Length: > 0 })
            {
                TryDelete(target);
            }

            throw new OutputFailedException(new IOException($"{path}: {exception.Message}", exception));
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The first failure is the one to report.
        }
    }
}

namespace Hugesim.Tests.Tidy;

/// <summary>The files of the repository that the tests were built from.</summary>
internal static class SourceTree
{
    private static readonly string[] Generated = ["bin", "obj", "artifacts", "TestResults", "BenchmarkDotNet.Artifacts"];
    private static readonly string[] Product = ["Grains", "Silo", "Client"];

    /// <summary>The folder with the solution, above the one in which the tests run.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every C# file.</summary>
    public static IEnumerable<SourceFile> CSharp => Files(Root, ".cs");

    /// <summary>The C# files of the product, without tests and benchmarks.</summary>
    public static IEnumerable<SourceFile> ProductCode => Product.SelectMany(folder => Files(Path.Combine(Root, folder), ".cs"));

    /// <summary>The pure accounting types.</summary>
    public static IEnumerable<SourceFile> Model => Files(Path.Combine(Root, "Grains", "Model"), ".cs");

    /// <summary>Every file below a folder with one of the endings; nothing generated, nothing hidden.</summary>
    public static IEnumerable<SourceFile> Files(string folder, params string[] endings)
    {
        foreach (var file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            if (endings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)))
            {
                yield return new SourceFile(Path.GetRelativePath(Root, file), File.ReadAllLines(file));
            }
        }

        foreach (var below in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(below);
            if (name.StartsWith('.') || Generated.Contains(name))
            {
                continue;
            }

            foreach (var file in Files(below, endings))
            {
                yield return file;
            }
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no Distributed.sln above {AppContext.BaseDirectory}");
    }
}

/// <summary>A text file: its path from the root of the repository, and its lines.</summary>
internal sealed record SourceFile(string Path, string[] Lines);

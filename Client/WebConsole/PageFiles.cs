using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hugesim.WebConsole;

/// <summary>The files of the pages, which are parts of the program.</summary>
internal static partial class PageFiles
{
    private const string Folder = "Hugesim.WebConsole.Page.";

    /// <summary>Serves files: the first one as <c>/</c>, the others under their names.</summary>
    public static void Map(IEndpointRouteBuilder app, string page, params string[] others)
    {
        foreach (var (path, file) in others.Select(file => ("/" + file, file)).Prepend(("/", page)))
        {
            var content = Path.GetExtension(file) == ".html" ? Whole(file) : Read(Folder + file);
            var type = Path.GetExtension(file) switch
            {
                ".html" => "text/html; charset=utf-8",
                ".css" => "text/css; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                _ => "image/svg+xml",
            };
            app.MapGet(path, () => Results.Bytes(content, type));
        }
    }

    // Pages that show the same have it from one file, which a comment names: <!-- machine.html -->
    private static byte[] Whole(string page) => Encoding.UTF8.GetBytes(PartMark().Replace(
        Encoding.UTF8.GetString(Read(Folder + page)), mark => Encoding.UTF8.GetString(Read(Folder + mark.Groups[1].Value))));

    [GeneratedRegex(@"^ *<!-- (\w+\.html) -->\n", RegexOptions.Multiline)]
    private static partial Regex PartMark();

    /// <summary>A resource of the program.</summary>
    public static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"no resource {name}");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}

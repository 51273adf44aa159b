using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hugesim.WebConsole;

/// <summary>The files of the pages, which are parts of the program.</summary>
internal static class PageFiles
{
    /// <summary>Serves files: the first one as <c>/</c>, the others under their names.</summary>
    public static void Map(IEndpointRouteBuilder app, string page, params string[] others)
    {
        foreach (var (path, file) in others.Select(file => ("/" + file, file)).Prepend(("/", page)))
        {
            var content = Read("Hugesim.WebConsole.Page." + file);
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

    /// <summary>A resource of the program.</summary>
    public static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"no resource {name}");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Hugesim.Silo;

/// <summary>Starts this program again, as a process of its own.</summary>
public static class HugesimProcess
{
    private const string Assembly = "hugesim.dll";

    /// <summary>The program and its arguments; its standard input is a pipe, so that it sees when its parent is gone.</summary>
    public static ProcessStartInfo StartInfo(params IEnumerable<string> arguments)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, Assembly);
        if (!File.Exists(assembly))
        {
            throw new ClusterException($"{assembly} is missing", "a silo is a process of this program: publish it as a folder, not as a single file");
        }

        var start = new ProcessStartInfo(Muxer()) { UseShellExecute = false, RedirectStandardInput = true };
        foreach (var argument in arguments.Prepend(assembly).Prepend("exec"))
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    // The dotnet that runs this process, which need not be the one on the path: .../shared/Microsoft.NETCore.App/10.0.0 is below it.
    private static string Muxer()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(beside) ? beside : name;
    }
}

using System.Diagnostics;
using Hugesim.Silo;
using Hugesim.Tests.Scenarios;

namespace Hugesim.Tests.Clusters;

/// <summary>Runs the program as processes, with a state folder of their own.</summary>
internal sealed class HugesimProgram : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);
    private readonly TemporaryFolder _state = new();
    private readonly List<Process> _started = [];

    public string StateFolder => _state.Path;

    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Runs a command line to its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await EndOf(process);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Starts a command line; it is killed at the end of the test if it still runs.</summary>
    public Process Start(params string[] arguments)
    {
        var start = HugesimProcess.StartInfo(arguments);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment["XDG_STATE_HOME"] = StateFolder;
        start.Environment.Remove("XDG_RUNTIME_DIR");
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        // Not the same object: the test may give its own back.
        _started.Add(Process.GetProcessById(process.Id));
        return process;
    }

    public static async Task EndOf(Process process)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"hugesim {string.Join(' ', process.StartInfo.ArgumentList.Skip(2))} has not ended after {Timeout}");
        }
    }

    /// <summary>Processes that were started below this state folder and are alive.</summary>
    public IReadOnlyList<string> Leftovers() => [.. Directory.EnumerateDirectories("/proc")
        .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
        .Select(CommandLine).Where(line => line.Contains(StateFolder, StringComparison.Ordinal))];

    /// <summary>Waits until no process of this state folder is left.</summary>
    public async Task<IReadOnlyList<string>> LeftoversSoonAsync()
    {
        for (var end = DateTime.UtcNow + TimeSpan.FromMinutes(1); Leftovers().Count > 0 && DateTime.UtcNow < end;)
        {
            await Task.Delay(50);
        }

        return Leftovers();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _started)
        {
            try
            {
                process.Kill();
            }
            catch (InvalidOperationException)
            {
                // It has ended.
            }

            process.Dispose();
        }

        await LeftoversSoonAsync();
        _state.Dispose();
    }

    private static string CommandLine(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
            return "";
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using Hugesim.Cli;
using Hugesim.Scenarios;

namespace Hugesim.Kernel;

/// <summary>
/// The machine's real kernel, driven through a recorder: each command is a line to it, and it answers as in a recording. The recorder
/// cleans up when its input ends, so also when this program is killed.
/// </summary>
internal sealed class KernelMachine : IScenarioMachine
{
    private const string FatalMark = "FATAL: ";
    private const string RepairMark = RecordingText.EndMark + "repair: ";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly IKernelEnvironment _environment;
    private readonly KernelRunOptions _settings;
    private readonly string _folder;
    private readonly string _program;
    private readonly (long Pages, long Overcommit) _found;
    private MachineCounters? _counters;
    private IReadOnlyList<string> _deaths = [];

    private KernelMachine(Process process, string program, string folder, IKernelEnvironment environment, KernelRunOptions settings)
    {
        (_process, _program, _folder, _environment, _settings) = (process, program, folder, environment, settings);
        _found = (environment.ReadPool("nr_hugepages") ?? 0, environment.ReadPool("nr_overcommit_hugepages") ?? 0);
    }

    /// <summary>Starts a recorder.</summary>
    public static async ValueTask<KernelMachine> StartAsync(
        string program, IKernelEnvironment environment, KernelRunOptions settings, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("hugesim-").FullName;
        var milliseconds = ((long)settings.StuckAfter.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(program, ["-b", folder, "-t", milliseconds, .. settings.Force ? new[] { "-f" } : []])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start) ?? throw new MachineFailureException($"{program} cannot be started");
        process.StandardInput.NewLine = "\n";
        var machine = new KernelMachine(process, program, folder, environment, settings);
        try
        {
            // Asks for the counters, and so learns whether the recorder has begun.
            await machine.AskAsync("counters").ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return machine;
        }
        catch
        {
            await machine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<string> ExecuteAsync(ScenarioCommand command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (PagesAskedFor(command) is { } pages && KernelPreconditions.CheckMemory(_environment, pages) is { } refusal)
        {
            throw new KernelRefusedException(refusal);
        }

        return await AskAsync(command.Source.Text).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> TakeDeaths()
    {
        var deaths = _deaths;
        _deaths = [];
        return deaths;
    }

    /// <inheritdoc/>
    public ValueTask<MachineCounters> ReadCountersAsync(CancellationToken ct) =>
        ValueTask.FromResult(_counters ?? throw new InvalidOperationException("no counters have been read yet"));

    /// <inheritdoc/>
    public async ValueTask<TeardownResult> TearDownAsync(CancellationToken ct)
    {
        _process.StandardInput.Close();
        var line = await ReadAsync().ConfigureAwait(false);
        var end = RecordingText.IsEnd(line) ? RecordedAnswer.Parse(line[RecordingText.EndMark.Length..]) : throw Unexpected(line);
        var remaining = 0L;
        while (await _process.StandardOutput.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } rest)
        {
            if (RecordingText.IsRemainder(rest))
            {
                remaining = long.Parse(rest.AsSpan(rest.LastIndexOf('=') + 1), CultureInfo.InvariantCulture);
            }
            else
            {
                Report(rest);
            }
        }

        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        var counters = end.Counters ?? throw Unexpected(line);
        var leak = end.Answer.EndsWith("LEAK?", StringComparison.Ordinal);
        return new TeardownResult(counters, leak, remaining);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(patience.Token).ConfigureAwait(false) is { } line)
            {
                Report(line);
            }

            await _process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        if (Directory.Exists(_folder))
        {
            await CleanUpAsync().ConfigureAwait(false);
        }

        _process.Dispose();
    }

    private static long? PagesAskedFor(ScenarioCommand command) => command switch
    {
        PoolCommand pool => pool.Pages,
        NodePoolCommand pool => pool.Pages,
        ProcessPoolCommand pool => pool.Pages,
        OvercommitCommand overcommit => overcommit.Pages,
        _ => null,
    };

    private async ValueTask<string> AskAsync(string command)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(command).ConfigureAwait(false);
            await _process.StandardInput.FlushAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The recorder has ended; what it said before tells why.
        }

        var line = await ReadAsync().ConfigureAwait(false);
        if (line.StartsWith(FatalMark, StringComparison.Ordinal))
        {
            throw new KernelRefusedException(new KernelRefusal(
                line[FatalMark.Length..], "wait until it has ended; two scenarios cannot share one pool"));
        }

        if (!line.StartsWith(RecordingText.CommandMark, StringComparison.Ordinal))
        {
            throw Unexpected(line);
        }

        line = await ReadAsync().ConfigureAwait(false);
        var answer = RecordedAnswer.Parse(line[Math.Min(RecordingText.AnswerMark.Length, line.Length)..]);
        _deaths = answer.Deaths;
        _counters = answer.Counters ?? _counters;
        return answer.Answer;
    }

    private async ValueTask<string> ReadAsync() =>
        await _process.StandardOutput.ReadLineAsync(CancellationToken.None).ConfigureAwait(false)
        ?? throw new MachineFailureException("the recorder has ended in the middle of the scenario: somebody has killed it, or it has failed");

    private void Report(string line)
    {
        if (line.StartsWith(RepairMark, StringComparison.Ordinal))
        {
            _settings.OnRepair?.Invoke(line[RepairMark.Length..]);
        }
    }

    // The recorder was killed before it could clean up.
    private async ValueTask CleanUpAsync()
    {
        var numbers = new[] { _process.Id, _found.Pages, _found.Overcommit }.Select(n => n.ToString(CultureInfo.InvariantCulture));
        using var cleaner = Process.Start(new ProcessStartInfo(_program, ["-c", _folder, .. numbers]) { RedirectStandardOutput = true });
        if (cleaner is not null)
        {
            Report((await cleaner.StandardOutput.ReadToEndAsync(CancellationToken.None).ConfigureAwait(false)).TrimEnd('\n'));
            await cleaner.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static MachineFailureException Unexpected(string line) => new($"the recorder says something unexpected: {line}");
}

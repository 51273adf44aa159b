using System.CommandLine;
using System.Globalization;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary>A recording and the machine to replay it on.</summary>
internal sealed record CheckJob(string File, MachineOptions? Options, ScenarioError? Error);

/// <summary><c>hugesim check PATH...</c>: replays recordings of real kernels and compares every answer and counter.</summary>
internal sealed class CheckCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim check Tests/Truth/Recordings/7.3
          hugesim check --profile 6.1 --all-differences my.out
        """;

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var options = new CliOptions(services);
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Recordings, or folders that hold recordings (*.out, also in folders below).",
            Arity = ArgumentArity.OneOrMore,
        };
        paths.Validators.Add(CliOptions.RefuseUnknownOptions);
        var all = new Option<bool>("--all-differences") { Description = "Show every difference of a recording, not only the first." };
        var json = new Option<bool>("--json") { Description = "Write JSON, one object a recording and a summary." };
        var jobs = CliOptions.Number("--jobs", "How many recordings to replay at the same time; the default is one a core.", 1, 1024);
        options.Profile.Description += " The default is the nearest folder in a recording's path that is named like a kernel.";
        options.Nodes.Description += " The default is the number in the folder's name, such as 7.3-numa2, else 1.";
        var command = new Command("check", "Replay recordings of real kernels and compare every answer and counter.")
        {
            paths, options.Profile, options.Repair, options.Bug, options.Nodes, all, json, jobs, options.Scheduler, options.Seed, options.Silos, options.Cluster,
        };
        command.Validators.Add(options.RefuseContradiction);
        command.SetAction((result, cancellationToken) =>
        {
            ICheckReporter reporter = result.GetValue(json)
                ? new JsonCheckReporter(console.Output)
                : new TextCheckReporter(new StyledOutput(console));
            var errors = new List<ScenarioError>();
            var files = InputFiles.FindRecordings(result.GetValue(paths)!, errors);
            var work = files.Select(file => Plan(file, options, result)).ToArray();
            var atOnce = (int)(result.GetValue(jobs) ?? Environment.ProcessorCount);
            return CheckAsync(work, errors, reporter, result.GetValue(all), atOnce, cancellationToken);
        });
        return command;
    }

    private CheckJob Plan(string file, CliOptions options, ParseResult result)
    {
        if (InputFiles.WhyNot(file) is { } error)
        {
            return new CheckJob(file, null, error);
        }

        var found = RecordingFolder.Find(file, services.Profiles);
        if (result.GetValue(options.Profile) is null && found is null)
        {
            return new CheckJob(file, null, new ScenarioError(file, 0, 0, "no folder in its path is named like a kernel",
                $"give the kernel with --profile, or put the recording into a folder named like one: {string.Join(", ", services.Profiles)}"));
        }

        var machine = options.Machine(result) with
        {
            Profile = options.ProfileOf(result, found?.Profile ?? services.Profiles[^1]),
            Nodes = (int)(result.GetValue(options.Nodes) ?? found?.Nodes ?? 1),
        };
        return new CheckJob(file, machine, null);
    }

    private async Task<int> CheckAsync(
        CheckJob[] work, List<ScenarioError> errors, ICheckReporter reporter, bool all, int jobs, CancellationToken cancellationToken)
    {
        using var slots = new SemaphoreSlim(jobs);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CliErrors.Write(console, errors);
        var progress = new ProgressLine(console);
        // The tasks start in order and as slots become free; their results are shown in order.
        var running = work.Select(job => CheckOneAsync(job, all, slots, stop.Token)).ToArray();
        var (agreeing, differing, unreadable, failed) = (0, 0, errors.Count, 0);
        try
        {
            for (var i = 0; i < work.Length; i++)
            {
                progress.Show(string.Create(CultureInfo.InvariantCulture, $"{i} of {work.Length} recordings"));
                var verdict = await running[i].ConfigureAwait(false);
                progress.Clear();
                reporter.OnVerdict(work[i], verdict);
                console.Output.Flush();
                CliErrors.Write(console, verdict.Errors);
                agreeing += verdict.Agrees ? 1 : 0;
                unreadable += verdict.Errors.Count > 0 ? 1 : 0;
                differing += verdict.Differences.Count > 0 ? 1 : 0;
                failed += verdict.Failure is null ? 0 : 1;
                CliErrors.WriteFailure(console, work[i].File, verdict.Failure);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            progress.Clear();
            reporter.OnSummary(agreeing, work.Length);
            CliErrors.Write(console, $"interrupted: only {agreeing + differing} of {work.Length} recordings were compared");
            return ExitCodes.Interrupted;
        }
        catch (ClusterException)
        {
            // What has been compared stands; the error says why the rest is missing.
            progress.Clear();
            reporter.OnSummary(agreeing, work.Length);
            throw;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(running).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
        }

        reporter.OnSummary(agreeing, work.Length);
        return failed > 0 ? ExitCodes.Failure
            : unreadable > 0 ? ExitCodes.BadInput
            : differing > 0 ? ExitCodes.Differs
            : ExitCodes.Success;
    }

    private async Task<RecordingVerdict> CheckOneAsync(CheckJob job, bool all, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        if (job.Options is null)
        {
            return new RecordingVerdict(0, [], [job.Error!]);
        }

        await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Off the caller's thread: replaying is work, and it rarely has to wait.
            return await Task.Run(() => ReplayAsync(job.File, job.Options, all, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or MachineFailureException or ClusterException))
        {
            // One recording that the simulator cannot replay shall not hide the verdicts on the others.
            return new RecordingVerdict(0, [], []) { Failure = exception };
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<RecordingVerdict> ReplayAsync(string file, MachineOptions options, bool all, CancellationToken cancellationToken)
    {
        var (stream, error) = InputFiles.Open(file);
        if (stream is null)
        {
            return new RecordingVerdict(0, [], [error!]);
        }

        await using (stream.ConfigureAwait(false))
        {
            var machine = await services.Machines.CreateAsync(options, cancellationToken).ConfigureAwait(false);
            await using (machine.ConfigureAwait(false))
            {
                return await RecordingChecker.CheckAsync(stream, file, machine, all, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}

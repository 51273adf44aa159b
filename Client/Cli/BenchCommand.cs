using System.CommandLine;
using System.ComponentModel;
using System.Globalization;
using Hugesim.Bench;
using Hugesim.Clusters;
using Hugesim.Explore;
using Hugesim.Grains;
using Hugesim.Load;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary><c>hugesim bench</c>: measures how fast the simulation is, as ratios to something on the same machine.</summary>
internal sealed class BenchCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim bench
          sudo hugesim bench --json
          hugesim bench --cluster local
          sudo hugesim bench --curve docs
        """;

    private const int DefaultTime = 300;

    // A point of the curve is measured for as long as so many rounds of a side.
    private const int RoundsOfCurvePoint = 15;
    private const int FewRegions = 1_000;
    private const int ManyRegions = 1_000_000;

    private readonly CliOptions _options = new(services);

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object a ratio." };

    private readonly Option<string?> _curve = new("--curve")
    {
        Description = "Measure also how the cost changes with the number of processes and machines, and write page, figures and pictures into this folder.",
        HelpName = "DIR",
    };

    // What the processes of the real kernel's side are started with.
    private readonly Option<bool> _kernelProcess = new(RealKernelProcess.Flag) { Hidden = true };

    private readonly Option<long?> _time = CliOptions.Number(
        "--time", "Milliseconds that each side works in each of 7 rounds. The default is 300.", 1, 60_000);

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var force = CliOptions.Force();
        var command = new Command("bench", "Measure the simulation against this machine's kernel (as root) and against bare calls of its engine, taking turns.")
        {
            _time, _json, _curve, force, _kernelProcess, _options.Cluster,
        };
        command.SetAction(async (result, cancellationToken) => result.GetValue(_kernelProcess) ? BeKernelProcess()
            : result.GetValue(_options.Cluster) is { } cluster && await ForwardedCommand.RunAsync(console, result, cluster, [], cancellationToken).ConfigureAwait(false) is { } exitCode
                ? exitCode
                : await RunAsync(
                    new Asked(
                        TimeSpan.FromMilliseconds(result.GetValue(_time) ?? DefaultTime), result.GetValue(_json), result.GetValue(force), result.GetValue(_curve),
                        result.GetValue(_options.Cluster)),
                    cancellationToken).ConfigureAwait(false));
        return command;
    }

    private int BeKernelProcess()
    {
        using var input = new StreamReader(console.Input, leaveOpen: true);
        RealKernelProcess.Run(input, console.Output);
        return ExitCodes.Success;
    }

    private async Task<int> RunAsync(Asked asked, CancellationToken cancellationToken)
    {
        if (asked is { Curve: not null, Cluster: not null })
        {
            CliErrors.Write(console, "hugesim: --curve measures silos of its own");
            CliErrors.Write(console, "  hint: leave out --cluster");
            return ExitCodes.BadInput;
        }

        var (ratios, size) = await RatiosAsync(asked, cancellationToken).ConfigureAwait(false);
        if (asked.Curve is { } folder && size is not null)
        {
            var curve = await CostCurve.MeasureAsync(
                services.StartGrains, asked.Time * RoundsOfCurvePoint, point => Write(point, asked.Json), cancellationToken).ConfigureAwait(false);
            PerformancePage.Write(folder, new Measured(EngineChoice.Engine, Environment.ProcessorCount, ratios, size, curve));
        }

        return ExitCodes.Success;
    }

    private async Task<(IReadOnlyList<BenchResult> Ratios, BenchSize? Size)> RatiosAsync(Asked asked, CancellationToken cancellationToken)
    {
        var (kernel, why) = OpenKernel(asked.Force);
        using (kernel)
        {
            var host = asked.Cluster is null
                ? await services.StartGrains(new GrainHostOptions()).ConfigureAwait(false)
                : await ClusterConnector.ConnectToGrainsAsync(asked.Cluster, traces: false, cancellationToken).ConfigureAwait(false);
            await using (host.ConfigureAwait(false))
            {
                return await host.RunAsync<(IReadOnlyList<BenchResult>, BenchSize?)>(async grains =>
                {
                    var engine = await EngineBench.StartAsync(grains).ConfigureAwait(false);
                    var results = new List<BenchResult>();
                    if (!asked.Json)
                    {
                        WriteHeading();
                    }

                    try
                    {
                        foreach (var item in Items(engine, kernel, why))
                        {
                            results.Add(await BenchRunner.RunAsync(item, asked.Time, cancellationToken).ConfigureAwait(false));
                            Write(results[^1], asked.Json);
                        }
                    }
                    finally
                    {
                        await MachinePower.OffAsync(grains, engine.Machine).ConfigureAwait(false);
                    }

                    // Their memory is this process's only without a cluster; as many as the measuring time allows: 30,000 by default.
                    var size = asked.Cluster is null
                        ? await EngineBench.IdleProcessesAsync(grains, (int)asked.Time.TotalMilliseconds * 100).ConfigureAwait(false)
                        : null;
                    Write(size, asked.Json);
                    return (results, size);
                }).ConfigureAwait(false);
            }
        }
    }

    private static IEnumerable<BenchItem> Items(EngineBench engine, RealKernelBench? kernel, string? why)
    {
        const string Fault = "reserved private write fault";
        const string Map = "mmap + munmap of a page";
        var (few, many) = (1, EngineBench.Processes);
        yield return new BenchItem(Fault, engine.Faults(few), kernel?.Faults(1)) { Skipped = why };
        yield return new BenchItem(Fault, engine.Faults(many), kernel?.Faults(1)) { Goal = GrainHost.IsCheap ? 50 : 20, Skipped = why };
        yield return new BenchItem(Fault, engine.Faults(many), kernel?.Faults(RealKernelBench.Processes)) { Skipped = why };
        yield return new BenchItem(Map, engine.Mappings(few), kernel?.Mappings(1)) { Skipped = why };
        yield return new BenchItem(Map, engine.Mappings(many), kernel?.Mappings(1)) { Goal = GrainHost.IsCheap ? 1 : null, Skipped = why };
        yield return new BenchItem(Map, engine.Mappings(many), kernel?.Mappings(RealKernelBench.Processes)) { Skipped = why };
        var hotPath = string.Create(CultureInfo.InvariantCulture, $"hot path, {EngineBench.Callers} callers");
        yield return new BenchItem(hotPath, engine.HotPath, engine.BareCall);
        yield return new BenchItem(hotPath, engine.CombinedHotPath, engine.BareCall) { Goal = 10 };

        // The logarithm of the number of regions doubles: a ratio of 0.5 is that alone, what is below it are misses of the processor's caches; 0.001 would be linear.
        yield return new BenchItem("chg + add + del of a page", new ReserveMapBench(ManyRegions).Side, new ReserveMapBench(FewRegions).Side);
        if (ScheduleBench.IsSupported)
        {
            // A round is an exploration as long as one of a user: it knows no end yet, and learns most of them early.
            yield return new BenchItem("race of 4 processes, 3 pages", ScheduleBench.Side(StrategyKind.Random), null) { GoalPerSecond = 5_000, RoundFactor = 6 };
        }
    }

    private (RealKernelBench? Kernel, string? Why) OpenKernel(bool force)
    {
        if (services.Kernel.Check(force) is { } refusal)
        {
            return (null, $"{refusal.Message}: {refusal.Hint}");
        }

        try
        {
            return (new RealKernelBench(), null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or Win32Exception)
        {
            return (null, exception.Message);
        }
    }

    private void WriteHeading() => new StyledOutput(console).Line(
        $"{"operation",-58}{"a second",14}  {"compared to",-36}{"a second",14}{"ratio",10}{"of the rounds",18}  goal", Tone.Strong);

    private void Write(BenchResult result, bool json)
    {
        if (json)
        {
            WriteJson(result);
            return;
        }

        var output = new StyledOutput(console);
        output.Write(Text($"{$"{result.Item.Name}, {result.Item.Subject.Name}",-58}{result.SubjectPerSecond,14:N0}  "));
        if (result.Ratio is not { } ratio)
        {
            output.Write(result.Item.Skipped is { } why ? $"not compared: {why}" : "", Tone.Faint);
            output.Line(result.Item.GoalPerSecond is { } rate ? Text($"  at least {rate:N0} a second: {Reached(result.IsReached)}") : "");
            output.Flush();
            return;
        }

        output.Write(Text($"{result.Item.Reference!.Name,-36}{result.ReferencePerSecond,14:N0}"));
        output.Write(Text($"{ratio,10:0.00}"), result.IsReached switch { true => Tone.Good, false => Tone.Bad, null => Tone.Plain });
        output.Write(Text($"{Text($"{result.LeastRatio:0.00} to {result.MostRatio:0.00}"),18}"), Tone.Faint);
        output.Line(result.Item.Goal is { } goal ? Text($"  at least {goal:0.#}: {Reached(result.IsReached)}") : "");
        output.Flush();
    }

    private void Write(CostPoint point, bool json)
    {
        if (json)
        {
            new JsonLines(console.Output).Write(json =>
            {
                json.WriteString("kind", "point");
                json.WriteNumber("processes", point.Processes);
                json.WriteNumber("machines", point.Machines);
                json.WriteNumber("calls_per_second", Math.Round(point.CallsPerSecond, 1));
                json.WriteNumber("latency_ns_p50", point.LatencyNsP50);
                json.WriteNumber("latency_ns_p99", point.LatencyNsP99);
                json.WriteNumber("start_seconds", Math.Round(point.StartSeconds, 3));
                json.WriteBoolean("sound", point.IsSound);
            });
            return;
        }

        var output = new StyledOutput(console);
        output.Line(Text(
            $"{Text($"load of {point.Processes:N0} processes on {point.Machines} machine(s)"),-58}{point.CallsPerSecond,14:N0}  p99 {TimeText.Show(point.LatencyNsP99)}"));
        output.Flush();
    }

    private void Write(BenchSize? size, bool json)
    {
        if (size is null)
        {
            return;
        }

        if (json)
        {
            new JsonLines(console.Output).Write(json =>
            {
                json.WriteString("kind", "size");
                json.WriteString("subject", size.Name);
                json.WriteNumber("bytes", size.Bytes);
                json.WriteNumber("goal_bytes", size.GoalBytes);
                json.WriteString("engine", EngineChoice.Engine);
            });
            return;
        }

        var output = new StyledOutput(console);
        output.Line(Text($"{size.Name,-58}{size.Bytes,14:N0}  bytes  at most {size.GoalBytes:N0}: {Reached(size.Bytes <= size.GoalBytes)}"));
        output.Flush();
    }

    private static string Reached(bool? isReached) => isReached == true ? "reached" : "not reached";

    private void WriteJson(BenchResult result) => new JsonLines(console.Output).Write(json =>
    {
        json.WriteString("kind", "ratio");
        json.WriteString("operation", result.Item.Name);
        json.WriteString("subject", result.Item.Subject.Name);
        json.WriteNumber("subject_per_second", Math.Round(result.SubjectPerSecond, 1));
        json.WriteString("reference", result.Item.Reference?.Name);
        Number("reference_per_second", result.ReferencePerSecond);
        Number("ratio", result.Ratio);
        Number("ratio_least", result.LeastRatio);
        Number("ratio_most", result.MostRatio);
        Number("goal", result.Item.Goal);
        Number("goal_per_second", result.Item.GoalPerSecond);
        json.WriteString("skipped", result.Item.Skipped);
        json.WriteString("engine", EngineChoice.Engine);

        void Number(string name, double? value)
        {
            if (value is { } number)
            {
                json.WriteNumber(name, Math.Round(number, 3));
            }
            else
            {
                json.WriteNull(name);
            }
        }
    });

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Asked(TimeSpan Time, bool Json, bool Force, string? Curve, string? Cluster);
}

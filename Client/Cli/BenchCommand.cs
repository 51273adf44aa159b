using System.CommandLine;
using System.ComponentModel;
using System.Globalization;
using Hugesim.Bench;
using Hugesim.Clusters;
using Hugesim.Grains;
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
        """;

    private const int FewRegions = 1_000;
    private const int ManyRegions = 1_000_000;

    private readonly CliOptions _options = new(services);

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object a ratio." };

    private readonly Option<long?> _time = CliOptions.Number(
        "--time", "Milliseconds that each side works in each of 7 rounds. The default is 300.", 1, 60_000);

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var force = CliOptions.Force();
        var command = new Command("bench", "Measure the simulation against this machine's kernel (as root) and against bare calls of its engine, taking turns.")
        {
            _time, _json, force, _options.Cluster,
        };
        command.SetAction(async (result, cancellationToken) =>
            result.GetValue(_options.Cluster) is { } cluster && await ForwardedCommand.RunAsync(console, result, cluster, [], cancellationToken).ConfigureAwait(false) is { } exitCode
                ? exitCode
                : await RunAsync(
                    TimeSpan.FromMilliseconds(result.GetValue(_time) ?? 300), result.GetValue(_json), result.GetValue(force), result.GetValue(_options.Cluster), cancellationToken)
                    .ConfigureAwait(false));
        return command;
    }

    private async Task<int> RunAsync(TimeSpan time, bool json, bool force, string? cluster, CancellationToken cancellationToken)
    {
        var (kernel, why) = OpenKernel(force);
        using (kernel)
        {
            var host = cluster is null
                ? await services.StartGrains(new GrainHostOptions()).ConfigureAwait(false)
                : await ClusterConnector.ConnectToGrainsAsync(cluster, traces: false, cancellationToken).ConfigureAwait(false);
            await using (host.ConfigureAwait(false))
            {
                return await host.RunAsync(async grains =>
                {
                    var engine = await EngineBench.StartAsync(grains).ConfigureAwait(false);
                    if (!json)
                    {
                        WriteHeading();
                    }

                    try
                    {
                        foreach (var item in Items(engine, kernel, why))
                        {
                            var result = await BenchRunner.RunAsync(item, time, cancellationToken).ConfigureAwait(false);
                            Write(result, json);
                        }
                    }
                    finally
                    {
                        await MachinePower.OffAsync(grains, engine.Machine).ConfigureAwait(false);
                    }

                    return ExitCodes.Success;
                }).ConfigureAwait(false);
            }
        }
    }

    private static IEnumerable<BenchItem> Items(EngineBench engine, RealKernelBench? kernel, string? why)
    {
        yield return new BenchItem("reserved private write fault", engine.Faults, kernel?.Faults) { Goal = GrainHost.IsCheap ? 50 : 20, Skipped = why };
        yield return new BenchItem("mmap + munmap of a page", engine.Mappings, kernel?.Mappings) { Goal = GrainHost.IsCheap ? 1 : null, Skipped = why };
        yield return new BenchItem(string.Create(CultureInfo.InvariantCulture, $"hot path, {EngineBench.Callers} callers"), engine.HotPath, engine.BareCall);
        yield return new BenchItem("chg + add + del of a page", new ReserveMapBench(ManyRegions).Side, new ReserveMapBench(FewRegions).Side);
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
        $"{"operation",-30}{"a second",14}  {"compared to",-36}{"a second",14}{"ratio",10}{"of the rounds",18}  goal", Tone.Strong);

    private void Write(BenchResult result, bool json)
    {
        if (json)
        {
            WriteJson(result);
            return;
        }

        var output = new StyledOutput(console);
        output.Write(Text($"{result.Item.Name,-30}{result.SubjectPerSecond,14:N0}  "));
        if (result.Ratio is not { } ratio)
        {
            output.Line($"not compared: {result.Item.Skipped}", Tone.Faint);
            output.Flush();
            return;
        }

        output.Write(Text($"{result.Item.Reference!.Name,-36}{result.ReferencePerSecond,14:N0}"));
        output.Write(Text($"{ratio,10:0.00}"), result.IsReached switch { true => Tone.Good, false => Tone.Bad, null => Tone.Plain });
        output.Write(Text($"{Text($"{result.LeastRatio:0.00} to {result.MostRatio:0.00}"),18}"), Tone.Faint);
        output.Line(result.Item.Goal is { } goal ? Text($"  at least {goal:0}: {(result.IsReached == true ? "reached" : "not reached")}") : "");
        output.Flush();
    }

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
}

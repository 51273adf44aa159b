using System.Globalization;
using Hugesim.Load;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Hugesim.Cli;

/// <summary>Shows a load at a terminal: a table that is drawn anew each second and erased at the end.</summary>
internal sealed class LiveLoadReporter : LoadReporter
{
    private const int ChartWidth = 40;
    private const string Bars = "▁▂▃▄▅▆▇█";

    private readonly CliConsole _console;
    private readonly IAnsiConsole _ansi;
    private readonly Queue<double> _throughputs = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _live;
    private readonly Lock _lock = new();
    private LiveDisplayContext? _context;
    private string _heading = "";

    public LiveLoadReporter(CliConsole console)
    {
        _console = console;
        _ansi = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.Standard,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(console.Output),
        });
        _live = _ansi.Live(new Markup("")).AutoClear(true).StartAsync(context =>
        {
            _context = context;
            return _ended.Task;
        });
    }

    public override void OnBegin(LoadOptions options) => _heading = LoadText.Heading(options);

    public override void OnProgress(string phase, long done, long total) =>
        Show(new Rows(new Text(_heading), new Text(string.Create(CultureInfo.InvariantCulture, $"{phase}: {done:N0} of {total:N0}"))));

    public override void OnSample(LoadSample sample, LoadTotals totals)
    {
        _throughputs.Enqueue(sample.CallsPerSecond);
        while (_throughputs.Count > ChartWidth)
        {
            _throughputs.Dequeue();
        }

        var pools = sample.Pools;
        var facts = new Grid().AddColumn().AddColumn();
        Fact(facts, "time", $"{sample.AtSeconds:0} s");
        Fact(facts, "calls a second", $"{sample.CallsPerSecond:N0}  {Chart()}");
        Fact(facts, "this second", $"p50 {TimeText.Show(sample.P50)}  p99 {TimeText.Show(sample.P99)}  max {TimeText.Show(sample.Max)}");
        Fact(facts, "pools", $"nr {pools.Nr:N0}  free {pools.Free:N0}  resv {pools.Resv:N0}  surplus {pools.Surplus:N0}");
        Fact(facts, "processes", $"{sample.Processes:N0}");
        foreach (var (cause, count) in totals.FailuresByFrequency.Take(8))
        {
            facts.AddRow(new Text("failed", new Style(Color.Yellow)), new Text(string.Create(CultureInfo.InvariantCulture, $"{cause}: {count:N0}"), new Style(Color.Yellow)));
        }

        Show(new Rows(new Text(_heading, new Style(decoration: Decoration.Bold)), facts, Operations(totals)));
    }

    public override void OnSummary(LoadResults results)
    {
        var output = new StyledOutput(_console);
        output.Line(_heading, Tone.Strong);
        LoadText.Summary(output, results);
    }

    public override void Dispose()
    {
        _ended.TrySetResult();
        _live.Wait();
        _console.Output.Flush();
    }

    private static void Fact(Grid facts, string name, FormattableString text) =>
        facts.AddRow(new Text(name, new Style(Color.Grey)), new Text(text.ToString(CultureInfo.InvariantCulture)));

    private static Table Operations(LoadTotals totals)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("operation");
        foreach (var column in new[] { "calls", "p50", "p99", "p99.9", "max", "failures" })
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var operation in LoadNames.Operations)
        {
            if (totals.Latency(operation) is { Count: > 0 } latency)
            {
                table.AddRow(
                    LoadNames.Of(operation),
                    latency.Count.ToString("N0", CultureInfo.InvariantCulture),
                    TimeText.Show(latency.Percentile(50)),
                    TimeText.Show(latency.Percentile(99)),
                    TimeText.Show(latency.Percentile(99.9)),
                    TimeText.Show(latency.Max),
                    totals.FailuresOf(operation).ToString("N0", CultureInfo.InvariantCulture));
            }
        }

        return table;
    }

    private string Chart()
    {
        var most = Math.Max(1, _throughputs.Max());
        return string.Concat(_throughputs.Select(value => Bars[(int)(value / most * (Bars.Length - 1))]));
    }

    private void Show(IRenderable view)
    {
        lock (_lock)
        {
            _context?.UpdateTarget(view);
            _context?.Refresh();
            _console.Output.Flush();
        }
    }
}

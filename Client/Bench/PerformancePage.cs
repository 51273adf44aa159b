using System.Globalization;
using System.Text;
using System.Text.Json;
using Hugesim.Load;

namespace Hugesim.Bench;

/// <summary>Everything that one run of <c>hugesim bench --curve</c> has measured.</summary>
/// <param name="Engine">The engine of the build.</param>
/// <param name="Processors">Processors of the machine.</param>
/// <param name="Ratios">The ratios.</param>
/// <param name="Size">An idle process.</param>
/// <param name="Curve">The cost curve.</param>
internal sealed record Measured(string Engine, int Processors, IReadOnlyList<BenchResult> Ratios, BenchSize Size, IReadOnlyList<CostPoint> Curve);

/// <summary>The measured figures as a page of the documentation, with the same figures as JSON and the curves as pictures beside it. Pure but for the writing.</summary>
internal static class PerformancePage
{
    /// <summary>The page.</summary>
    public const string PageFile = "performance.md";

    /// <summary>The figures.</summary>
    public const string JsonFile = "performance.json";

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private const string ByProcesses = "images/performance-processes.svg";
    private const string ByMachines = "images/performance-machines.svg";

    /// <summary>Writes page, figures and pictures.</summary>
    /// <param name="folder">The folder of the documentation.</param>
    /// <param name="measured">The figures.</param>
    public static void Write(string folder, Measured measured)
    {
        Directory.CreateDirectory(Path.Combine(folder, "images"));
        File.WriteAllText(Path.Combine(folder, JsonFile), Json(measured));
        File.WriteAllText(Path.Combine(folder, ByProcesses), Picture("processes", "emulated processes on one machine", measured, OnOneMachine(measured), p => p.Processes));
        File.WriteAllText(Path.Combine(folder, ByMachines), Picture("machines", "emulated machines", measured, OnMachines(measured), p => p.Machines));
        File.WriteAllText(Path.Combine(folder, PageFile), Page(measured));
    }

    /// <summary>The page as text.</summary>
    public static string Page(Measured measured)
    {
        var page = new StringBuilder();
        page.Append(Text($"""
            # Performance

            Written by `sudo hugesim bench --curve docs`, on the {measured.Engine} engine and a machine with {measured.Processors} processors. All figures are
            in [{JsonFile}]({JsonFile}). Compare ratios rather than rates: both sides of a ratio take turns on the same machine.

            ## Ratios

            The rate of each side is the median of the rounds, after both had warmed up until they got no faster; the ratio is the median of the rounds' ratios.

            | operation | a second | compared to | a second | ratio | goal |
            | --- | --- | --- | --- | --- | --- |

            """));
        foreach (var result in measured.Ratios)
        {
            page.Append(Text($"| {result.Item.Name}: {result.Item.Subject.Name} | {result.SubjectPerSecond:N0} | {result.Item.Reference?.Name ?? result.Item.Skipped} "));
            page.Append(Text($"| {result.ReferencePerSecond:N0} | {result.Ratio:0.00} | {GoalOf(result)} |\n"));
        }

        page.Append(Text($"""

            The reserve map's cost for an operation at a million regions, against a thousand: the logarithm of the number doubles, so 0.5 would be that alone, and
            what is below it are misses of the processor's caches; a cost that grew with the number would give 0.001.

            The size of {measured.Size.Name}: {measured.Size.Bytes:N0} bytes of managed memory, of {measured.Size.GoalBytes:N0} that it may take for a million on 24 GiB.

            ## Cost by number of processes

            Processes with short-lived mappings (the load profile `churn`) in a closed loop of up to {CostCurve.Workers} calls at once, on one emulated machine: all of
            them share one hstate.

            ![Throughput and latency by processes]({ByProcesses})


            """));
        Table(page, "processes", OnOneMachine(measured), point => point.Processes);
        page.Append(Text($"""

            ## Cost by number of machines

            {CostCurve.SharedProcesses:N0} processes, shared out evenly over emulated machines, each with an hstate of its own.

            ![Throughput and latency by machines]({ByMachines})


            """));
        Table(page, "machines", OnMachines(measured), point => point.Machines);
        return page.ToString();
    }

    private static IEnumerable<CostPoint> OnOneMachine(Measured measured) => measured.Curve.Where(point => point.Machines == 1);

    private static IEnumerable<CostPoint> OnMachines(Measured measured) => measured.Curve.Where(point => point.Processes == CostCurve.SharedProcesses);

    private static string GoalOf(BenchResult result) =>
        result.Item.Goal is { } goal ? Text($"at least {goal:0.#}{Reached(result)}")
        : result.Item.GoalPerSecond is { } rate ? Text($"at least {rate:N0} a second{Reached(result)}")
        : "";

    private static string Reached(BenchResult result) => result.IsReached switch { true => ": reached", false => ": not reached", null => "" };

    private static void Table(StringBuilder page, string what, IEnumerable<CostPoint> points, Func<CostPoint, long> number)
    {
        page.Append(Text($"| {what} | calls a second | latency p50 | latency p99 | seconds to start | audit |\n| --- | --- | --- | --- | --- | --- |\n"));
        foreach (var point in points)
        {
            page.Append(Text($"| {number(point):N0} | {point.CallsPerSecond:N0} | {TimeText.Show(point.LatencyNsP50)} | {TimeText.Show(point.LatencyNsP99)} "));
            page.Append(Text($"| {point.StartSeconds:0.0} | {(point.IsSound ? "sound" : "not sound")} |\n"));
        }
    }

    // A picture of its own: two charts below each other, with the styles of the load report.
    private static string Picture(string id, string label, Measured measured, IEnumerable<CostPoint> all, Func<CostPoint, double> x)
    {
        const int Height = 290;
        var points = all.ToArray();
        var axis = new ChartAxis(label, value => value.ToString("N0", CultureInfo.InvariantCulture), IsLogarithmic: true);
        var ticks = points.Select(x).ToArray();
        var calls = SvgChart.Lines(
            id + "-calls", Text($"Calls a second by {label}"), axis, new ChartAxis("calls a second", value => value.ToString("N0", CultureInfo.InvariantCulture)),
            [new ChartSeries("calls a second", [.. points.Select(p => (x(p), p.CallsPerSecond))])], ticks);
        var latency = SvgChart.Lines(
            id + "-p99", Text($"99th percentile of the latency by {label}"), axis,
            new ChartAxis("latency p99", value => TimeText.ShowTick(value), IsLogarithmic: true),
            [new ChartSeries("latency p99", [.. points.Select(p => (x(p), (double)p.LatencyNsP99))])], ticks);
        var svg = new StringBuilder(Text($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 740 {2 * Height}\" width=\"740\" height=\"{2 * Height}\">"));
        svg.Append("<style>").Append(LoadReport.Style()).Append("svg { width: auto; } text { font-family: system-ui, sans-serif; }</style>");
        svg.Append(Place(calls, 0)).Append(Place(latency, Height)).Append("</svg>\n");
        return svg.ToString();

        static string Place(string chart, int y) => chart.Replace("<svg ", Text($"<svg x=\"10\" y=\"{y + 10}\" width=\"720\" height=\"260\" "), StringComparison.Ordinal);
    }

    private static string Json(Measured measured)
    {
        var figures = new
        {
            engine = measured.Engine,
            processors = measured.Processors,
            ratios = measured.Ratios.Select(result => new
            {
                operation = result.Item.Name,
                subject = result.Item.Subject.Name,
                subject_per_second = Math.Round(result.SubjectPerSecond, 1),
                reference = result.Item.Reference?.Name,
                reference_per_second = result.ReferencePerSecond,
                ratio = result.Ratio,
                ratio_least = result.LeastRatio,
                ratio_most = result.MostRatio,
                goal = result.Item.Goal,
                goal_per_second = result.Item.GoalPerSecond,
                skipped = result.Item.Skipped,
            }),
            idle_process_bytes = measured.Size.Bytes,
            curve = measured.Curve.Select(point => new
            {
                processes = point.Processes,
                machines = point.Machines,
                calls_per_second = Math.Round(point.CallsPerSecond, 1),
                latency_ns_p50 = point.LatencyNsP50,
                latency_ns_p99 = point.LatencyNsP99,
                start_seconds = Math.Round(point.StartSeconds, 2),
                sound = point.IsSound,
            }),
        };
        return JsonSerializer.Serialize(figures, s_indented) + "\n";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

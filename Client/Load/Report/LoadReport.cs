using System.Globalization;
using System.Text;
using Hugesim.Silo;

namespace Hugesim.Load;

/// <summary>The report of a load: one HTML page that needs nothing else, on a phone or a desktop, light or dark.</summary>
internal static class LoadReport
{
    private const string StyleResource = "Hugesim.Load.Report.style.css";
    private const int MostCurves = 6;
    private const int MostPoints = 600;

    private static readonly double[] Percentiles = [50, 90, 99, 99.9];

    /// <summary>The page.</summary>
    public static string Html(LoadResults results)
    {
        var options = results.Options;
        var page = new StringBuilder();
        var title = $"hugesim load {options.Profile.Name}";
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Append($"<title>{Escape(title)}</title>\n<style>\n{Style()}</style>\n</head>\n<body>\n<main>\n");
        page.Append($"<h1>{Escape(title)}</h1>\n<p>{Escape(options.Profile.About)}</p>\n");
        page.Append(Verdict(results));
        page.Append(Facts(results));
        page.Append(Operations(results));
        if (results.Samples.Count > 0)
        {
            page.Append(OverTime(results));
        }

        page.Append(PercentileCurves(results.Totals));
        page.Append(Failures(results));
        page.Append(Text($"<footer>hugesim, engine {EngineChoice.Engine}, kernel {Escape(options.Kernel)}, seed {options.Seed}</footer>\n"));
        page.Append("</main>\n</body>\n</html>\n");
        return page.ToString();
    }

    /// <summary>The styles of page and charts.</summary>
    public static string Style()
    {
        using var stream = typeof(LoadReport).Assembly.GetManifestResourceStream(StyleResource)
            ?? throw new InvalidOperationException($"the resource {StyleResource} is missing");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string Verdict(LoadResults results)
    {
        var problems = new List<string>();
        problems.AddRange(results.Thresholds.Where(t => !t.Holds).Select(t => $"threshold {t.Text} does not hold: {t.Actual}"));
        problems.AddRange(results.Violations.Take(20).Select(violation => $"violation: {violation}"));
        if (results.MissedRate)
        {
            problems.Add(Text($"the rate could not be held: {results.Totals.Calls:N0} calls of {results.DueCalls:N0} that were due"));
        }

        switch (results.End)
        {
            case LoadEnd.EngineFailed:
                problems.Add($"the grains no longer answered: {results.EngineFailure}");
                break;
            case LoadEnd.NothingStarted:
                problems.Add("no process could be started");
                break;
            case LoadEnd.Interrupted:
                problems.Add("interrupted: the results are those until then");
                break;
        }

        var holding = results.Thresholds.Where(t => t.Holds).Select(t => $"threshold {t.Text} holds: {t.Actual}");
        var heading = problems.Count == 0 ? "Passed" : results.Passed ? "Ended early" : "Failed";
        var items = string.Concat(problems.Concat(holding).Select(text => $"<li>{Escape(text)}</li>"));
        return $"<section class=\"verdict {(problems.Count == 0 ? "good" : "bad")}\"><h2>{heading}</h2><ul>{items}</ul></section>\n";
    }

    private static string Facts(LoadResults results)
    {
        var options = results.Options;
        var rows = new List<(string Name, string Value)>
        {
            ("Machines", Text($"{options.Machines:N0}")),
            ("Processes", Text($"{results.StartedProcesses:N0} of {options.Processes:N0} started in {results.StartSeconds:0.00} s")),
            ("Load", options.Rate is { } rate ? Text($"open loop, {rate:N0} calls a second") : Text($"closed loop of {options.Workers:N0}")),
            ("Measured", Text($"{results.MeasuredSeconds:0.0} s, {results.Totals.Calls:N0} calls")),
        };
        if (results.BytesPerProcess is { } bytes and > 0)
        {
            rows.Add(("Memory", Text($"{bytes:N0} bytes a process")));
        }

        rows.Add(("Audit", results.AuditSeconds is { } seconds ? Text($"{results.Violations.Count:N0} violations, in {seconds:0.00} s") : "not made"));
        return "<dl class=\"facts\">" + string.Concat(rows.Select(row => $"<div><dt>{row.Name}</dt><dd>{Escape(row.Value)}</dd></div>")) + "</dl>\n";
    }

    private static string Operations(LoadResults results)
    {
        var table = new StringBuilder("<section><h2>Operations</h2><div class=\"scroll\"><table><thead><tr><th scope=\"col\">operation</th><th scope=\"col\">calls</th>");
        table.Append("<th scope=\"col\">a second</th>");
        table.Append(string.Concat(Percentiles.Select(p => Text($"<th scope=\"col\">p{p}</th>"))));
        table.Append("<th scope=\"col\">max</th><th scope=\"col\">failures</th></tr></thead><tbody>");
        foreach (var operation in LoadNames.Operations)
        {
            if (results.Totals.Latency(operation) is { Count: > 0 } latency)
            {
                table.Append(Row(LoadNames.Of(operation), latency, results.Totals.FailuresOf(operation), results.MeasuredSeconds));
            }
        }

        table.Append(Row(LoadNames.All, results.Totals.AllLatencies(), results.Totals.Failures, results.MeasuredSeconds));
        if (results.Totals.Service is { } service)
        {
            table.Append(Row(LoadNames.Service, service, results.Totals.Failures, results.MeasuredSeconds));
        }

        return table.Append("</tbody></table></div></section>\n").ToString();
    }

    private static string Row(string name, LatencyHistogram latency, long failures, double seconds)
    {
        var rate = seconds > 0 ? latency.Count / seconds : 0;
        var times = string.Concat(Percentiles.Select(p => $"<td>{TimeText.Show(latency.Percentile(p))}</td>"));
        return Text($"<tr><th scope=\"row\">{name}</th><td>{latency.Count:N0}</td><td>{rate:N0}</td>")
            + Text($"{times}<td>{TimeText.Show(latency.Max)}</td><td>{failures:N0}</td></tr>");
    }

    private static string OverTime(LoadResults results)
    {
        var every = (results.Samples.Count / MostPoints) + 1;
        var samples = results.Samples.Where((_, i) => i % every == 0 || i == results.Samples.Count - 1).ToArray();
        ChartSeries Series(string name, Func<LoadSample, double> value) => new(name, [.. samples.Select(s => (s.AtSeconds, value(s)))]);
        var time = new ChartAxis("seconds", Number);
        var latency = new ChartAxis("latency", TimeText.ShowTick, IsLogarithmic: true);
        return Chart("throughput", "Throughput", time, new ChartAxis("calls a second", Number), [Series("calls a second", s => s.CallsPerSecond)])
            + Chart("latency", "Latency of all calls", time, latency, [Series("p50", s => s.P50), Series("p99", s => s.P99), Series("max", s => s.Max)])
            + Chart("counters", "Pool counters of all machines", time, new ChartAxis("huge pages", Number),
                [Series("nr", s => s.Pools.Nr), Series("free", s => s.Pools.Free), Series("resv", s => s.Pools.Resv), Series("surplus", s => s.Pools.Surplus)])
            + Chart("processes", "Live processes and failures", time, new ChartAxis("number", Number),
                [Series("processes", s => s.Processes), Series("failures a second", s => s.Failures.Values.Sum())]);
    }

    // Equal distances for each further nine: half, 90 %, 99 %, 99.9 %.
    private static string PercentileCurves(LoadTotals totals)
    {
        double[] nines = [Math.Log10(2), 1, 2, 3, 4, 5];
        var series = LoadNames.Operations
            .Select(operation => (operation, Latency: totals.Latency(operation)))
            .Where(pair => pair.Latency is { Count: > 0 })
            .OrderByDescending(pair => pair.Latency!.Count)
            .Take(MostCurves)
            .Select(pair => new ChartSeries(LoadNames.Of(pair.operation), Curve(pair.Latency!)))
            .ToArray();
        if (series.Length == 0)
        {
            return "";
        }

        var most = series.Max(line => line.Points[^1].X);
        var x = new ChartAxis("percentile", value => PercentOf(value).ToString("0.###", CultureInfo.InvariantCulture) + "%");
        return Chart("percentiles", "Latency by percentile", x, new ChartAxis("latency", TimeText.ShowTick, IsLogarithmic: true), series, [.. nines.Where(n => n <= most)]);
    }

    private static List<(double X, double Y)> Curve(LatencyHistogram latency)
    {
        var points = new List<(double X, double Y)>();
        for (var nines = 0.0; nines <= 5; nines += 0.125)
        {
            // Beyond one call in so many nothing was seen.
            if (Math.Pow(10, nines) > latency.Count * 1.5)
            {
                break;
            }

            points.Add((nines, latency.Percentile(PercentOf(nines))));
        }

        return points;
    }

    private static double PercentOf(double nines) => 100 * (1 - Math.Pow(10, -nines));

    private static string Chart(
        string id, string title, ChartAxis x, ChartAxis y, IReadOnlyList<ChartSeries> series, IReadOnlyList<double>? ticks = null) =>
        $"<section><h2>{Escape(title)}</h2>{(series.Count > 1 ? SvgChart.Legend(series) : "")}{SvgChart.Lines(id, title, x, y, series, ticks)}</section>\n";

    private static string Failures(LoadResults results)
    {
        var causes = results.Totals.FailuresByFrequency.Select(pair => (pair.Key, pair.Value, Where: ""))
            .Concat(results.Startup.FailuresByFrequency.Select(pair => (pair.Key, pair.Value, Where: " (at the start)"))).ToArray();
        if (causes.Length == 0)
        {
            return "<section><h2>Failures by cause</h2><p>No call failed.</p></section>\n";
        }

        var most = causes.Max(cause => cause.Value);
        var bars = string.Concat(causes.Select(cause =>
            Text($"<li><span>{Escape(cause.Key + cause.Where)}</span><span class=\"count\">{cause.Value:N0}</span>")
            + Text($"<span class=\"bar\" style=\"width:{Math.Max(0.5, 100.0 * cause.Value / most):0.#}%\" aria-hidden=\"true\"></span></li>")));
        return $"<section><h2>Failures by cause</h2><ul class=\"bars\">{bars}</ul></section>\n";
    }

    private static string Number(double value) => value.ToString(value >= 10 || value == Math.Floor(value) ? "N0" : "0.##", CultureInfo.InvariantCulture);

    private static string Escape(string text) => SvgChart.Escape(text);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;
using Hugesim.Load;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary>Shows a load; disposed when nothing happens any more, before the summary.</summary>
internal abstract class LoadReporter : ILoadReporter, IDisposable
{
    public virtual void OnBegin(LoadOptions options)
    {
    }

    public virtual void OnProgress(string phase, long done, long total)
    {
    }

    public abstract void OnSample(LoadSample sample, LoadTotals totals);

    public abstract void OnSummary(LoadResults results);

    public virtual void Dispose()
    {
    }
}

/// <summary>Shows a load as plain lines, one a second.</summary>
internal sealed class TextLoadReporter(CliConsole console) : LoadReporter
{
    private readonly StyledOutput _output = new(console);

    public override void OnBegin(LoadOptions options)
    {
        _output.Line(LoadText.Heading(options));
        _output.Flush();
    }

    public override void OnSample(LoadSample sample, LoadTotals totals)
    {
        _output.Line(LoadText.Second(sample));
        _output.Flush();
    }

    public override void OnSummary(LoadResults results) => LoadText.Summary(_output, results);
}

/// <summary>Text about loads that several views share.</summary>
internal static class LoadText
{
    private static readonly double[] Percentiles = [50, 90, 99, 99.9];

    public static string Heading(LoadOptions options)
    {
        var loop = options.Rate is { } rate ? Text($"open loop of {rate:N0} calls a second") : Text($"closed loop of {options.Workers}");
        var warmup = options.Warmup > TimeSpan.Zero ? Text($" after {options.Warmup.TotalSeconds:0.###} s of warm-up") : "";
        var machines = options.Machines == 1 ? "1 machine" : Text($"{options.Machines:N0} machines");
        var processes = options.Processes == 1 ? "1 process" : Text($"{options.Processes:N0} processes");
        return Text($"{options.Profile.Name}  kernel {options.Kernel}, {machines}, {processes}, {loop}{warmup}, seed {options.Seed}, engine {EngineChoice.Engine}");
    }

    public static string Second(LoadSample sample)
    {
        var pools = sample.Pools;
        var failures = sample.Failures.Values.Sum();
        return Text($"{sample.AtSeconds,6:0} s {sample.CallsPerSecond,12:N0} calls/s   p50 {TimeText.Show(sample.P50),8}   p99 {TimeText.Show(sample.P99),8}   ")
            + Text($"max {TimeText.Show(sample.Max),8}   failures {failures,6:N0}   free {pools.Free:N0} of {pools.Nr:N0}, resv {pools.Resv:N0}, ")
            + Text($"surplus {pools.Surplus:N0}   processes {sample.Processes:N0}");
    }

    public static void Summary(StyledOutput output, LoadResults results)
    {
        var heading = string.Concat(Percentiles.Select(p => Text($"{"p" + p.ToString(CultureInfo.InvariantCulture),10}")));
        output.Line();
        output.Line(Text($"{"operation",-10}{"calls",14}{"a second",12}{heading}{"max",10}{"failures",11}"), Tone.Strong);
        foreach (var operation in LoadNames.Operations)
        {
            if (results.Totals.Latency(operation) is { Count: > 0 } latency)
            {
                output.Line(Row(LoadNames.Of(operation), latency, results.Totals.FailuresOf(operation), results.MeasuredSeconds));
            }
        }

        output.Line(Row(LoadNames.All, results.Totals.AllLatencies(), results.Totals.Failures, results.MeasuredSeconds), Tone.Strong);
        if (results.Totals.Service is { } service)
        {
            output.Line(Row(LoadNames.Service, service, results.Totals.Failures, results.MeasuredSeconds));
        }

        output.Line();
        var bytes = results.BytesPerProcess is { } size and > 0 ? Text($", {size:N0} bytes each") : "";
        Fact(output, "started", Text($"{results.StartedProcesses:N0} of {results.Options.Processes:N0} processes in {results.StartSeconds:0.00} s{bytes}"));
        foreach (var (cause, count) in results.Startup.FailuresByFrequency)
        {
            Fact(output, "at start", Text($"{cause}: {count:N0}"), Tone.Refused);
        }

        foreach (var (cause, count) in results.Totals.FailuresByFrequency)
        {
            Fact(output, "failed", Text($"{cause}: {count:N0}"), Tone.Refused);
        }

        foreach (var threshold in results.Thresholds)
        {
            Fact(output, "threshold", $"{threshold.Text} {(threshold.Holds ? "holds" : "DOES NOT HOLD")}: {threshold.Actual}", threshold.Holds ? Tone.Good : Tone.Bad);
        }

        Audit(output, results);
        output.Flush();
    }

    private static void Audit(StyledOutput output, LoadResults results)
    {
        const int Shown = 20;
        if (results.AuditSeconds is not { } seconds)
        {
            Fact(output, "audit", "not made: the grains no longer answer", Tone.Bad);
            return;
        }

        if (results.Violations.Count == 0)
        {
            Fact(output, "audit", Text($"clean, in {seconds:0.00} s"), Tone.Good);
        }

        foreach (var violation in results.Violations.Take(Shown))
        {
            Fact(output, "VIOLATION", violation, Tone.Bad);
        }

        if (results.Violations.Count > Shown)
        {
            Fact(output, "", Text($"and {results.Violations.Count - Shown:N0} more"), Tone.Bad);
        }

        if (results.Violations.Count > 0 && !results.Options.Kernel.EndsWith("+repair", StringComparison.Ordinal))
        {
            Fact(output, "hint", $"kernel {results.Options.Kernel} may have done that itself: --profile {results.Options.Kernel}+repair is without its accounting bugs");
        }

        if (results.EndSeconds is { } end)
        {
            Fact(output, "ended", Text($"in {end:0.00} s"));
        }
    }

    private static void Fact(StyledOutput output, string what, string text, Tone tone = Tone.Plain) =>
        output.Write($"{what,-10}", Tone.Faint).Line(text, tone);

    private static string Row(string name, LatencyHistogram latency, long failures, double seconds)
    {
        var rate = seconds > 0 ? latency.Count / seconds : 0;
        var times = string.Concat(Percentiles.Select(p => Text($"{TimeText.Show(latency.Percentile(p)),10}")));
        return Text($"{name,-10}{latency.Count,14:N0}{rate,12:N0}{times}{TimeText.Show(latency.Max),10}{failures,11:N0}");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

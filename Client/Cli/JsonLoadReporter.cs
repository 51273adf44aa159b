using System.Text.Json;
using Hugesim.Load;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary>Shows a load as JSON; the fields are documented in the README.</summary>
internal sealed class JsonLoadReporter(CliConsole console) : LoadReporter
{
    private readonly JsonLines _lines = new(console.Output);

    public override void OnSample(LoadSample sample, LoadTotals totals) => _lines.Write(json =>
    {
        json.WriteString("kind", "second");
        json.WriteNumber("at_seconds", Math.Round(sample.AtSeconds, 3));
        json.WriteNumber("calls_per_second", Math.Round(sample.CallsPerSecond, 1));
        json.WriteNumber("latency_ns_p50", sample.P50);
        json.WriteNumber("latency_ns_p99", sample.P99);
        json.WriteNumber("latency_ns_max", sample.Max);
        json.WriteNumber("processes", sample.Processes);
        WritePools(json, sample.Pools);
        WriteFailures(json, sample.Failures);
    });

    public override void OnSummary(LoadResults results) => _lines.Write(json =>
    {
        var options = results.Options;
        json.WriteString("kind", "summary");
        json.WriteString("workload", options.Profile.Name);
        json.WriteString("profile", options.Kernel);
        json.WriteString("engine", EngineChoice.Engine);
        json.WriteNumber("machines", options.Machines);
        json.WriteNumber("processes", options.Processes);
        json.WriteNumber("processes_started", results.StartedProcesses);
        JsonLines.WriteNumber(json, "bytes_per_process", results.BytesPerProcess);
        json.WriteString("loop", options.Rate is null ? "closed" : "open");
        json.WriteNumber("concurrency", options.Workers);
        JsonLines.WriteNumber(json, "rate", (long?)options.Rate);
        json.WriteNumber("seed", options.Seed);
        json.WriteNumber("start_seconds", Math.Round(results.StartSeconds, 3));
        json.WriteNumber("warmup_seconds", options.Warmup.TotalSeconds);
        json.WriteNumber("measured_seconds", Math.Round(results.MeasuredSeconds, 3));
        json.WriteNumber("calls", results.Totals.Calls);
        JsonLines.WriteNumber(json, "calls_due", results.DueCalls);
        WriteTimes(json, "service_ns", results.Totals.Service);
        WriteOperations(json, results);
        json.WriteStartArray("thresholds");
        foreach (var threshold in results.Thresholds)
        {
            json.WriteStartObject();
            json.WriteString("threshold", threshold.Text);
            json.WriteBoolean("holds", threshold.Holds);
            json.WriteString("actual", threshold.Actual);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("violations");
        foreach (var violation in results.Violations)
        {
            json.WriteStringValue(violation);
        }

        json.WriteEndArray();
        WriteFailures(json, results.Totals.FailuresByCause);
        json.WriteString("end", results.End switch
        {
            LoadEnd.Complete => "complete",
            LoadEnd.Interrupted => "interrupted",
            LoadEnd.NothingStarted => "nothing_started",
            _ => "engine_failed",
        });
        json.WriteString("engine_failure", results.EngineFailure);
        json.WriteBoolean("passed", results.Passed);
    });

    private static void WriteOperations(Utf8JsonWriter json, LoadResults results)
    {
        json.WriteStartObject("operations");
        foreach (var operation in LoadNames.Operations)
        {
            if (results.Totals.Latency(operation) is { Count: > 0 } latency)
            {
                WriteLatency(json, LoadNames.Of(operation), latency, results.Totals.FailuresOf(operation));
            }
        }

        WriteLatency(json, LoadNames.All, results.Totals.AllLatencies(), results.Totals.Failures);
        json.WriteEndObject();
    }

    private static void WriteLatency(Utf8JsonWriter json, string name, LatencyHistogram latency, long failures)
    {
        json.WriteStartObject(name);
        json.WriteNumber("calls", latency.Count);
        json.WriteNumber("failures", failures);
        WriteTimes(json, "latency_ns", latency);
        json.WriteEndObject();
    }

    private static void WriteTimes(Utf8JsonWriter json, string name, LatencyHistogram? times)
    {
        JsonLines.WriteNumber(json, name + "_mean", times is null ? null : (long)Math.Round(times.Mean));
        JsonLines.WriteNumber(json, name + "_p50", times?.Percentile(50));
        JsonLines.WriteNumber(json, name + "_p90", times?.Percentile(90));
        JsonLines.WriteNumber(json, name + "_p99", times?.Percentile(99));
        JsonLines.WriteNumber(json, name + "_p999", times?.Percentile(99.9));
        JsonLines.WriteNumber(json, name + "_max", times?.Max);
    }

    private static void WritePools(Utf8JsonWriter json, PoolCounters pools)
    {
        json.WriteNumber("nr", pools.Nr);
        json.WriteNumber("free", pools.Free);
        json.WriteNumber("resv", pools.Resv);
        json.WriteNumber("surp", pools.Surplus);
    }

    private static void WriteFailures(Utf8JsonWriter json, IReadOnlyDictionary<string, long> failures)
    {
        json.WriteStartObject("failures");
        foreach (var (cause, count) in failures.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            json.WriteNumber(cause, count);
        }

        json.WriteEndObject();
    }
}

using System.Globalization;
using System.Text.Json;
using Hugesim.Clusters;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary>Shows a local cluster.</summary>
internal static class ClusterReport
{
    /// <summary>Shows one that runs.</summary>
    public static void Write(CliConsole console, ClusterStatus status, bool json)
    {
        if (json)
        {
            console.Output.Write(JsonSerializer.Serialize(status, ControlJson.Default.ClusterStatus) + "\n");
            console.Output.Flush();
            return;
        }

        var output = new StyledOutput(console);
        output.Write(status.Name, Tone.Strong);
        output.Line(string.Create(CultureInfo.InvariantCulture, $"  {(status.IsReady ? "" : "starting, ")}process {status.Pid}; {status.Description}"));
        foreach (var silo in status.Silos)
        {
            output.Write("  ").Write(silo.Name.PadRight(9)).Write(silo.State.ToString().ToLowerInvariant().PadRight(9), ToneOf(silo.State));
            output.Line(Details(silo));
        }

        output.Flush();
    }

    /// <summary>Says of a cluster that its process is gone.</summary>
    public static void WriteStale(CliConsole console, ClusterRecord record, bool json)
    {
        if (json)
        {
            new JsonLines(console.Output).Write(writer =>
            {
                writer.WriteString("name", record.Name);
                writer.WriteNumber("pid", record.Pid);
                writer.WriteBoolean("isGone", true);
            });
        }
        else
        {
            console.Output.Write(string.Create(CultureInfo.InvariantCulture, $"{record.Name}  gone: process {record.Pid} has ended without a word; its entry is removed\n"));
        }
    }

    /// <summary>What there is to say of a silo beside its name and state.</summary>
    public static string Details(LocalSilo silo)
    {
        var parts = new List<string>();
        if (silo.Pid is { } pid)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"process {pid}"));
        }

        if (silo.SiloPort is { } port)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"silo port {port}, gateway port {silo.GatewayPort}, health port {silo.HealthPort}"));
        }

        if (silo.HttpPort is { } http)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"console http://127.0.0.1:{http}/"));
        }

        parts.Add($"NUMA nodes {string.Join(',', silo.NumaNodes)}");
        if (silo.Log is not null)
        {
            parts.Add($"log {silo.Log}");
        }

        if (silo.Detail is not null)
        {
            parts.Add(silo.Detail);
        }

        return string.Join("; ", parts);
    }

    /// <summary>The tone of a silo's state.</summary>
    public static Tone ToneOf(LocalSiloState state) => state switch
    {
        LocalSiloState.Ready => Tone.Good,
        LocalSiloState.Crashed => Tone.Bad,
        _ => Tone.Refused,
    };
}

using System.Text.Json;
using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Silo;
using Hugesim.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hugesim.WebConsole;

/// <summary>The console of a running cluster, on each of its silos: its machines as they are now, and their newest flows. It only reads.</summary>
internal static class LiveConsole
{
    // Of a machine with more processes only the counters are shown: each look at it would keep its grains busy.
    private const int MostProcesses = 200;
    private const int MostFlows = 30;

    // Somebody waits for the page.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    /// <summary>Adds its pages to a silo.</summary>
    public static void Map(IEndpointRouteBuilder app, ClusterView view)
    {
        PageFiles.Map(app, "live.html", "console.css", "live.js", "draw.js", "machine.js", "favicon.svg");
        app.MapGet("/api/cluster", () => Answer(() => ListAsync(view)));
        app.MapGet("/api/machines/{name}", (string name) => Answer(() => LookAsync(view, name)));
        app.MapGet("/api/flows/{id}", (string id) => Answer(async () => FlowViews.Flow(await view.FindFlowAsync(id).ConfigureAwait(false))));
    }

    private static async Task<ClusterPage> ListAsync(ClusterView view)
    {
        var machines = await view.MachinesAsync().ConfigureAwait(false);
        return new ClusterPage(view.Silo, view.Cluster, machines.Names, machines.Missing);
    }

    // Machines end at any time, and so may the silo that has a part of one: that is no error, but what there is to be said of the machine now.
    private static async Task<LiveMachineView> LookAsync(ClusterView view, string name)
    {
        FlowLine[] flows = [.. view.Flows.Newest(spans => spans.Any(span => FlowViews.IsOf(span, name)), MostFlows).Select(FlowViews.Line)];
        try
        {
            // Where a silo hangs that has some of its grains, they answer after half a minute at the earliest.
            var (machine, note) = await TryLookAsync(view, name).WaitAsync(s_patience).ConfigureAwait(false);
            return new LiveMachineView(machine, note, flows);
        }
        catch (TimeoutException)
        {
            return new LiveMachineView(null, $"its grains have not answered within {s_patience.TotalSeconds:N0} s: a silo that has some of them hangs or is overloaded", flows);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new LiveMachineView(null, exception.Message, flows);
        }
    }

    private static async Task<(MachineView? Machine, string? Note)> TryLookAsync(ClusterView view, string name)
    {
        var machines = await view.MachinesAsync().ConfigureAwait(false);
        if (!machines.Names.Contains(name))
        {
            return (null, machines.Missing.Count == 0 ? "it has ended" : $"it has ended or cannot be seen: {string.Join(", ", machines.Missing)}");
        }

        // An hstate that nobody has booted answers that it has none, and is not brought to life by the question.
        if (await view.Grains.GetGrain<IMachineGrain>(name).Audit() is not { } inventory)
        {
            return (null, "it has ended");
        }

        if (inventory.Processes.Length > MostProcesses)
        {
            var counters = await view.Grains.GetGrain<IHstateGrain>(Keys.Hstate(name)).ReadCounters();
            return (MachineViews.Of(counters), $"{inventory.Processes.Length} processes: only the counters are shown");
        }

        return (MachineViews.Of(await MachineAudit.CollectAsync(view.Grains, name)), null);
    }

    private static async Task<IResult> Answer<T>(Func<Task<T>> look) => Results.Json(await look().ConfigureAwait(false), s_json);
}

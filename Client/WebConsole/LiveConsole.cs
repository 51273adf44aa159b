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

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    /// <summary>Adds its pages to a silo.</summary>
    public static void Map(IEndpointRouteBuilder app, ClusterView view)
    {
        PageFiles.Map(app, "live.html", "console.css", "live.js", "draw.js", "machine.js", "favicon.svg");
        app.MapGet("/api/cluster", () => Answer(async () => new ClusterPage(view.Silo, view.Cluster, await view.MachinesAsync().ConfigureAwait(false))));
        app.MapGet("/api/machines/{name}", (string name) => Answer(() => LookAsync(view, name)));
        app.MapGet("/api/flows/{id}", (string id) => Answer(async () => FlowViews.Flow(await view.FindFlowAsync(id).ConfigureAwait(false))));
    }

    // Machines end at any time, and so may the silo that has a part of one: that is no error, but what there is to be said of the machine now.
    private static async Task<LiveMachineView> LookAsync(ClusterView view, string name)
    {
        try
        {
            return await TryLookAsync(view, name).ConfigureAwait(false) ?? new LiveMachineView(null, "it has ended", []);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new LiveMachineView(null, exception.Message, []);
        }
    }

    private static async Task<LiveMachineView?> TryLookAsync(ClusterView view, string name)
    {
        // An hstate that nobody has booted answers that it has none, and is not brought to life by the question.
        if (!(await view.MachinesAsync().ConfigureAwait(false)).Contains(name) || await view.Grains.GetGrain<IMachineGrain>(name).Audit() is not { } inventory)
        {
            return null;
        }

        FlowLine[] flows = [.. view.Flows.Newest(spans => spans.Any(span => FlowViews.IsOf(span, name)), MostFlows).Select(FlowViews.Line)];
        if (inventory.Processes.Length > MostProcesses)
        {
            var counters = await view.Grains.GetGrain<IHstateGrain>(Keys.Hstate(name)).ReadCounters();
            return new LiveMachineView(MachineViews.Of(counters), $"{inventory.Processes.Length} processes: only the counters are shown", flows);
        }

        return new LiveMachineView(MachineViews.Of(await MachineAudit.CollectAsync(view.Grains, name)), null, flows);
    }

    private static async Task<IResult> Answer<T>(Func<Task<T>> look) => Results.Json(await look().ConfigureAwait(false), s_json);
}

using System.Text.Json;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary>Shows a run as JSON, one object a step; the fields are documented in the README.</summary>
internal sealed class JsonRunReporter(TextWriter output, string file, MachineOptions options) : IScenarioObserver
{
    private readonly JsonLines _lines = new(output);

    public void OnComment(ScenarioComment comment)
    {
        // Comments say nothing about the machine.
    }

    public void OnStep(ScenarioStepResult step) => _lines.Write(json =>
    {
        json.WriteString("kind", "step");
        json.WriteString("file", file);
        json.WriteString("profile", options.Profile);
        json.WriteNumber("step", step.Number);
        json.WriteNumber("line", step.Command.Source.Line);
        json.WriteString("command", step.Command.Source.Text);
        json.WriteString("answer", step.Answer);
        json.WriteStartArray("deaths");
        foreach (var death in step.Deaths)
        {
            json.WriteStringValue(death);
        }

        json.WriteEndArray();
        WriteCounters(json, "before", step.Before);
        WriteCounters(json, "after", step.After);
        json.WriteStartArray("changes");
        foreach (var change in CounterChanges.Between(step.Before, step.After))
        {
            json.WriteStartObject();
            json.WriteString("counter", change.Name);
            JsonLines.WriteNumber(json, "before", change.Before);
            JsonLines.WriteNumber(json, "after", change.After);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    public void OnEnd(TeardownResult teardown) => _lines.Write(json =>
    {
        json.WriteString("kind", "end");
        json.WriteString("file", file);
        json.WriteString("profile", options.Profile);
        json.WriteString("engine", EngineChoice.Engine);
        json.WriteBoolean("leak", teardown.Leak);
        json.WriteNumber("remainingPoolPages", teardown.RemainingPoolPages);
        WriteCounters(json, "counters", teardown.Counters);
    });

    private static void WriteCounters(Utf8JsonWriter json, string name, MachineCounters counters)
    {
        json.WriteStartObject(name);
        json.WriteNumber("nr", counters.Nr);
        json.WriteNumber("free", counters.Free);
        json.WriteNumber("resv", counters.Resv);
        json.WriteNumber("surp", counters.Surp);
        json.WriteNumber("oc", counters.Oc);
        JsonLines.WriteObjects(json, "nodes", counters.Nodes, node =>
        {
            json.WriteNumber("node", node.Node);
            json.WriteNumber("nr", node.Nr);
            json.WriteNumber("free", node.Free);
            json.WriteNumber("surplus", node.Surplus);
        });
        JsonLines.WriteObjects(json, "mounts", counters.Mounts, mount =>
        {
            json.WriteString("name", mount.Name);
            json.WriteNumber("blocks", mount.Blocks);
            json.WriteNumber("bfree", mount.FreeBlocks);
        });
        JsonLines.WriteObjects(json, "cgroups", counters.Cgroups, cgroup =>
        {
            json.WriteString("name", cgroup.Name);
            json.WriteNumber("usage", cgroup.Usage);
            json.WriteNumber("rsvd", cgroup.Reserved);
        });
        json.WriteEndObject();
    }
}

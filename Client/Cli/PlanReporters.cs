using System.Globalization;
using System.Text.Json;
using Hugesim.Plan;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary>Shows a plan.</summary>
internal interface IPlanReporter
{
    /// <summary>The search is over.</summary>
    void OnPlan(PlanScenario scenario, MachineOptions machine, PlanResult plan);
}

/// <summary>Shows a plan to people.</summary>
internal sealed class TextPlanReporter(StyledOutput output) : IPlanReporter
{
    public void OnPlan(PlanScenario scenario, MachineOptions machine, PlanResult plan)
    {
        output.Write(scenario.File, Tone.Strong);
        output.Line(Text($"  kernel {machine.Profile}, {(machine.Nodes == 1 ? "1 node" : $"{machine.Nodes} nodes")}, {scenario.Commands.Count:N0} commands"), Tone.Faint);
        if (plan.Hopeless is { } hopeless)
        {
            Fact("pool", "no pool is enough", Tone.Bad);
            Fact("", Problem(scenario, hopeless));
            return;
        }

        for (var node = 0; node < plan.Pool.Count; node++)
        {
            Minimum(scenario, plan.Pool.Count == 1 ? "pool" : Text($"pool, node {node}"), plan.Pool[node], "");
        }

        if (plan.Pool.Count > 1)
        {
            Fact("in all", Pages(plan.Pool.Sum(node => node.Pages)));
        }

        if (plan.Overcommit is { } overcommit)
        {
            Minimum(scenario, "overcommit", overcommit, ", with an empty pool");
        }

        foreach (var (mount, minSize) in plan.Mounts)
        {
            Minimum(scenario, $"min_size {mount}", minSize, ", so that nothing on the mount needs a page that others may take");
        }

        if (plan.Exceptions.Count == 0)
        {
            Fact("monotone", Text($"as far as seen: {plan.CheckedSizes} other sizes tried"));
        }
        else
        {
            var sizes = string.Join(", ", plan.Exceptions);
            Fact("monotone", $"NO: with {sizes} pages it is the other way round, so a smaller pool may be enough by chance and a larger one too small", Tone.Bad);
        }

        output.Flush();
    }

    private void Minimum(PlanScenario scenario, string name, PlanMinimum minimum, string remark)
    {
        Fact(name, Pages(minimum.Pages) + remark, Tone.Good);
        if (minimum.OneLess is { } problem)
        {
            Fact("", Text($"with {minimum.Pages - 1}: {Problem(scenario, problem)}"));
        }
    }

    private void Fact(string name, string text, Tone tone = Tone.Plain) => output.Write($"{name,-14}", Tone.Faint).Line(text, tone);

    private static string Problem(PlanScenario scenario, PlanProblem problem)
    {
        var who = problem.Process.Length > 0 ? $"{problem.Process}: " : "";
        return Text($"{scenario.File}:{problem.Line}: {problem.Command}: {who}{problem.Answer}");
    }

    private static string Pages(long pages) => Text($"{pages:N0} huge pages of 2 MiB ({pages * 2:N0} MiB)");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Shows a plan as JSON; the fields are documented in the README.</summary>
internal sealed class JsonPlanReporter(TextWriter output) : IPlanReporter
{
    public void OnPlan(PlanScenario scenario, MachineOptions machine, PlanResult plan) => new JsonLines(output).Write(json =>
    {
        json.WriteString("kind", "plan");
        json.WriteString("file", scenario.File);
        json.WriteString("profile", machine.Profile);
        json.WriteString("engine", EngineChoice.Engine);
        json.WriteBoolean("possible", plan.Hopeless is null);
        WriteProblem(json, "impossible_because", plan.Hopeless);
        json.WriteStartArray("pool");
        for (var node = 0; node < plan.Pool.Count; node++)
        {
            json.WriteStartObject();
            json.WriteNumber("node", node);
            WriteMinimum(json, plan.Pool[node]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (plan.Overcommit is { } overcommit)
        {
            json.WriteStartObject("overcommit");
            WriteMinimum(json, overcommit);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("overcommit");
        }

        json.WriteStartArray("mounts");
        foreach (var (mount, minSize) in plan.Mounts)
        {
            json.WriteStartObject();
            json.WriteString("name", mount);
            WriteMinimum(json, minSize);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("checked_sizes", plan.CheckedSizes);
        json.WriteStartArray("not_monotone_at");
        foreach (var size in plan.Exceptions)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteNumber("runs", plan.Runs);
    });

    private static void WriteMinimum(Utf8JsonWriter json, PlanMinimum minimum)
    {
        json.WriteNumber("pages", minimum.Pages);
        WriteProblem(json, "one_less", minimum.OneLess);
    }

    private static void WriteProblem(Utf8JsonWriter json, string name, PlanProblem? problem)
    {
        if (problem is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("line", problem.Line);
        json.WriteString("command", problem.Command);
        json.WriteString("process", problem.Process);
        json.WriteString("answer", problem.Answer);
        json.WriteEndObject();
    }
}

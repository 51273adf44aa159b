using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.History;

/// <summary>The span around a command of a scenario.</summary>
internal static class StepFlow
{
    /// <summary>What is known of the command before it begins.</summary>
    /// <param name="command">The command.</param>
    /// <param name="step">The step's number, or null where it has none yet.</param>
    public static IEnumerable<KeyValuePair<string, object?>> Tags(ScenarioCommand command, int? step)
    {
        yield return new("hugesim.command", command.Source.Text);
        if (step is not null)
        {
            yield return new("hugesim.step", step);
        }

        yield return new("code.file.path", command.Source.File);
        yield return new("code.line.number", command.Source.Line);
        if (command is ProcessCommand ofProcess)
        {
            yield return new("hugesim.process", ofProcess.Process);
        }

        if (command is MappingCommand onMapping)
        {
            yield return new("hugesim.mapping", onMapping.Mapping);
        }
    }

    /// <summary>Notes the answer; nothing where the command is not traced.</summary>
    public static void End(FlowSpan span, string answer)
    {
        span.With(KernelTracing.Tags.Answer, (object)answer);
        if (FlowNames.IsFailure(answer))
        {
            span.Fail(answer);
        }
    }
}

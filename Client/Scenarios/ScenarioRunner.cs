namespace Hugesim.Scenarios;

/// <summary>What one command did.</summary>
/// <param name="Number">The step from 1.</param>
/// <param name="Command">The command.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Deaths">Other processes that died, each as <c>NAME DEATH</c>.</param>
/// <param name="Before">The counters before the step.</param>
/// <param name="After">The counters after it.</param>
public sealed record ScenarioStepResult(
    int Number, ScenarioCommand Command, string Answer, IReadOnlyList<string> Deaths, MachineCounters Before, MachineCounters After);

/// <summary>Is told what happens while a scenario runs.</summary>
public interface IScenarioObserver
{
    /// <summary>A comment line was reached.</summary>
    void OnComment(ScenarioComment comment);

    /// <summary>A command was executed.</summary>
    void OnStep(ScenarioStepResult step);

    /// <summary>The scenario is over and the machine torn down.</summary>
    void OnEnd(TeardownResult teardown);
}

/// <summary>How a run went.</summary>
/// <param name="Steps">Commands executed.</param>
/// <param name="Errors">What was wrong with the scenario; commands before the first bad line were executed.</param>
/// <param name="Interrupted">Whether it was cancelled before its end.</param>
public sealed record ScenarioOutcome(int Steps, IReadOnlyList<ScenarioError> Errors, bool Interrupted);

/// <summary>Executes a scenario on a machine, line by line as it is read.</summary>
public static class ScenarioRunner
{
    private const int MaximumErrors = 20;

    /// <summary>
    /// Executes a scenario. Cancelling ends it after the command that runs. At a bad line it stops executing and, if asked,
    /// reads on to find more errors.
    /// </summary>
    public static async Task<ScenarioOutcome> RunAsync(
        IAsyncEnumerable<ScenarioItem> scenario,
        IScenarioMachine machine,
        IScenarioObserver observer,
        bool findAllErrors,
        CancellationToken cancellationToken)
    {
        var errors = new List<ScenarioError>();
        var steps = 0;
        try
        {
            var before = await machine.ReadCountersAsync(CancellationToken.None).ConfigureAwait(false);
            await foreach (var item in scenario.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (item is ScenarioFault fault)
                {
                    errors.AddRange(fault.Errors.Take(MaximumErrors - errors.Count));
                }
                else if (item is ScenarioComment comment && errors.Count == 0)
                {
                    observer.OnComment(comment);
                }
                else if (item is ScenarioStep step && errors.Count == 0)
                {
                    before = await StepAsync(machine, observer, ++steps, step.Command, before).ConfigureAwait(false);
                }

                if (errors.Count == MaximumErrors || (errors.Count > 0 && !findAllErrors))
                {
                    break;
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (errors.Count == 0)
            {
                observer.OnEnd(await machine.TearDownAsync(CancellationToken.None).ConfigureAwait(false));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new ScenarioOutcome(steps, errors, true);
        }

        return new ScenarioOutcome(steps, errors, false);
    }

    private static async ValueTask<MachineCounters> StepAsync(
        IScenarioMachine machine, IScenarioObserver observer, int number, ScenarioCommand command, MachineCounters before)
    {
        // A command that has begun is finished: cancelling takes effect between commands.
        var answer = await machine.ExecuteAsync(command, CancellationToken.None).ConfigureAwait(false);
        if (RecorderAnswers.IsPrintedWithoutCounters(answer))
        {
            observer.OnStep(new ScenarioStepResult(number, command, answer, [], before, before));
            return before;
        }

        var deaths = machine.TakeDeaths();
        var after = await machine.ReadCountersAsync(CancellationToken.None).ConfigureAwait(false);
        observer.OnStep(new ScenarioStepResult(number, command, answer, deaths, before, after));
        return after;
    }
}

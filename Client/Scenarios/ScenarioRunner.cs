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
    /// <summary>
    /// Executes a scenario. Cancelling ends it after the command that runs. At a bad line it stops executing and, if asked,
    /// reads on to find more errors.
    /// </summary>
    public static Task<ScenarioOutcome> RunAsync(
        IAsyncEnumerable<ScenarioItem> scenario,
        IScenarioMachine machine,
        IScenarioObserver observer,
        bool findAllErrors,
        CancellationToken cancellationToken) => new ScenarioRun(machine, observer, findAllErrors).RunAsync(scenario, cancellationToken);

    /// <summary>Why a machine cannot execute a parallel block, as an error in the scenario; null if it can.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="block">The line <c>parallel</c>.</param>
    public static ScenarioError? RefuseBlock(IScenarioMachine machine, SourceLine block)
    {
        if (machine is not IParallelMachine parallel)
        {
            return RefuseBlock(block);
        }

        return parallel.RefusesBlocks is var (message, hint) ? Refusal(block, message, hint) : null;
    }

    /// <summary>The same where commands are executed one at a time.</summary>
    /// <param name="block">The line <c>parallel</c>.</param>
    public static ScenarioError RefuseBlock(SourceLine block) => Refusal(
        block, "here one command is executed at a time: nobody can give a real kernel or a cluster a schedule",
        "run the scenario with 'hugesim run', on silos in this process, or with 'hugesim explore'");

    private static ScenarioError Refusal(SourceLine block, string message, string hint) => new(block.File, block.Line, 1, $"parallel: {message}", hint);
}

/// <summary>One scenario on one machine.</summary>
internal sealed class ScenarioRun(IScenarioMachine machine, IScenarioObserver observer, bool findAllErrors)
{
    private const int MaximumErrors = 20;

    private readonly List<ScenarioError> _errors = [];
    private readonly List<ScenarioCommand> _inBlock = [];
    private MachineCounters? _before;
    private SourceLine? _block;
    private int _steps;

    private MachineCounters Before => _before ?? throw new InvalidOperationException("the counters have not been read yet");

    /// <summary>Executes it.</summary>
    public async Task<ScenarioOutcome> RunAsync(IAsyncEnumerable<ScenarioItem> scenario, CancellationToken cancellationToken)
    {
        try
        {
            _before = await machine.ReadCountersAsync(CancellationToken.None).ConfigureAwait(false);
            await foreach (var item in scenario.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (item is ScenarioFault fault)
                {
                    AddErrors(fault.Errors);
                }
                else if (_errors.Count == 0)
                {
                    await ExecuteAsync(item).ConfigureAwait(false);
                }

                if (_errors.Count == MaximumErrors || (_errors.Count > 0 && !findAllErrors))
                {
                    break;
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (_errors.Count == 0)
            {
                observer.OnEnd(await machine.TearDownAsync(CancellationToken.None).ConfigureAwait(false));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new ScenarioOutcome(_steps, _errors, true);
        }

        return new ScenarioOutcome(_steps, _errors, false);
    }

    private void AddErrors(IReadOnlyList<ScenarioError> errors) => _errors.AddRange(errors.Take(MaximumErrors - _errors.Count));

    private async ValueTask ExecuteAsync(ScenarioItem item)
    {
        switch (item)
        {
            case ScenarioComment comment:
                observer.OnComment(comment);
                break;
            case ScenarioStep step when _block is not null:
                _inBlock.Add(step.Command);
                break;
            case ScenarioStep step:
                await StepAsync(step.Command).ConfigureAwait(false);
                break;
            case ScenarioBlockBegin begin when ScenarioRunner.RefuseBlock(machine, begin.Source) is { } error:
                AddErrors([error]);
                break;
            case ScenarioBlockBegin begin:
                _block = begin.Source;
                break;
            case ScenarioBlockEnd end:
                await BlockAsync(end.Source).ConfigureAwait(false);
                break;
        }
    }

    private async ValueTask StepAsync(ScenarioCommand command)
    {
        // A command that has begun is finished: cancelling takes effect between commands.
        var answer = await machine.ExecuteAsync(command, CancellationToken.None).ConfigureAwait(false);
        if (RecorderAnswers.IsPrintedWithoutCounters(answer))
        {
            observer.OnStep(new ScenarioStepResult(++_steps, command, answer, [], Before, Before));
            return;
        }

        await ReportAsync(command, answer).ConfigureAwait(false);
    }

    private async ValueTask ReportAsync(ScenarioCommand command, string answer)
    {
        var deaths = machine.TakeDeaths();
        var after = await machine.ReadCountersAsync(CancellationToken.None).ConfigureAwait(false);
        observer.OnStep(new ScenarioStepResult(++_steps, command, answer, deaths, Before, after));
        _before = after;
    }

    // The counters move while the block runs; what it did to them in all is shown with its last answer.
    private async ValueTask BlockAsync(SourceLine end)
    {
        var block = ParallelBlock.Of(_block!, [.. _inBlock]);
        _block = null;
        _inBlock.Clear();
        var answers = new List<(ScenarioCommand Command, string Answer)>();
        await ((IParallelMachine)machine).ExecuteAsync(block, (command, answer) => answers.Add((command, answer))).ConfigureAwait(false);
        observer.OnComment(new ScenarioComment(block.Source with { Text = "# " + block.Source.Text }));
        foreach (var (command, answer) in answers.SkipLast(1))
        {
            observer.OnStep(new ScenarioStepResult(++_steps, command, answer, [], Before, Before));
        }

        if (answers.Count > 0)
        {
            await ReportAsync(answers[^1].Command, answers[^1].Answer).ConfigureAwait(false);
        }

        observer.OnComment(new ScenarioComment(end with { Text = "# " + end.Text }));
    }
}

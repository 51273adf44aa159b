using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Machine;

/// <content>Several commands at the same time.</content>
internal sealed partial class GrainMachine
{
    /// <inheritdoc/>
    public (string Message, string Hint)? RefusesBlocks => _host is IScheduledGrainHost || _races ? null : GrainHost.SupportsDeterministic
        ? ("commands are executed at the same time only where a seed decides their order", "add --scheduler deterministic --seed N")
        : ("this build runs on " + GrainHost.EngineName + ", which cannot run under a seed", "build with -p:GrainEngine=Embedded");

    /// <inheritdoc/>
    public ValueTask ExecuteAsync(ParallelBlock block, Action<ScenarioCommand, string> onAnswer) => ExecuteAsync(block, onAnswer, _ => { });

    /// <summary>As the other one, and tells each command before it begins.</summary>
    /// <param name="block">The block.</param>
    /// <param name="onAnswer">Is told each answer when it comes.</param>
    /// <param name="onCommand">Is told each command before it begins.</param>
    /// <param name="around">Executes a command by what it is given, which is to be awaited in place; null just does that.</param>
    public ValueTask ExecuteAsync(
        ParallelBlock block, Action<ScenarioCommand, string> onAnswer, Action<ScenarioCommand> onCommand,
        Func<ScenarioCommand, Func<ValueTask<string>>, ValueTask<string>>? around = null)
    {
        var answered = new Dictionary<ScenarioCommand, TaskCompletionSource>(ReferenceEqualityComparer.Instance);
        foreach (var thread in block.Threads)
        {
            if (thread.StartsAfter is { } start)
            {
                answered[start] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        Func<IGrainFactory, Task>[] clients = [.. block.Threads.Select(thread => Client(thread, answered, onAnswer, onCommand, around))];
        if (_host is not IScheduledGrainHost host)
        {
            return RaceAsync(clients);
        }

        host.Run(clients);
        return ValueTask.CompletedTask;
    }

    // Their calls are under way at the same time, and nobody says in which order they arrive; what lies between two calls is the user space, which takes turns.
    private async ValueTask RaceAsync(Func<IGrainFactory, Task>[] clients)
    {
        var turns = new TaskFactory(new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);
        await Run(async () =>
        {
            var grains = Grains;
            await Task.WhenAll(clients.Select(client => turns.StartNew(() => client(grains)).Unwrap()));
            return 0;
        });
    }

    private Func<IGrainFactory, Task> Client(
        BlockThread thread, Dictionary<ScenarioCommand, TaskCompletionSource> answered, Action<ScenarioCommand, string> onAnswer,
        Action<ScenarioCommand> onCommand, Func<ScenarioCommand, Func<ValueTask<string>>, ValueTask<string>>? around) => async grains =>
    {
        _grains = grains;
        if (thread.StartsAfter is { } start)
        {
            await answered[start].Task;
        }

        try
        {
            foreach (var command in thread.Commands)
            {
                onCommand(command);
                onAnswer(command, await (around is null ? Dispatch(command) : around(command, () => Dispatch(command))));
                if (answered.TryGetValue(command, out var waiting))
                {
                    waiting.SetResult();
                }
            }
        }
        catch (Exception failure)
        {
            // Who waits for a process that will not be made ends with the same failure.
            foreach (var command in thread.Commands.Where(answered.ContainsKey))
            {
                answered[command].TrySetException(failure);
            }

            throw;
        }
    };
}

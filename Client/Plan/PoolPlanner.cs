using Hugesim.Scenarios;

namespace Hugesim.Plan;

/// <summary>The smallest number of pages with which a scenario runs well, and what happens with one less.</summary>
/// <param name="Pages">The number.</param>
/// <param name="OneLess">The first problem with one page less; null where the number is 0.</param>
internal sealed record PlanMinimum(long Pages, PlanProblem? OneLess);

/// <summary>What a plan found.</summary>
internal sealed record PlanResult
{
    /// <summary>What goes wrong however large the pool is; null where some pool is enough.</summary>
    public PlanProblem? Hopeless { get; init; }

    /// <summary>The smallest pool without overcommit, node by node.</summary>
    public IReadOnlyList<PlanMinimum> Pool { get; init; } = [];

    /// <summary>The smallest overcommit with an empty pool; null where surplus pages cannot do it.</summary>
    public PlanMinimum? Overcommit { get; init; }

    /// <summary>The smallest <c>min_size</c> of each mount with which nothing on it needs a page of anybody else's.</summary>
    public IReadOnlyList<(string Mount, PlanMinimum MinSize)> Mounts { get; init; } = [];

    /// <summary>Sizes tried besides those of the search: all larger ones must be enough and no smaller one.</summary>
    public int CheckedSizes { get; init; }

    /// <summary>Sizes that contradict that: the workload is not monotone.</summary>
    public IReadOnlyList<long> Exceptions { get; init; } = [];

    /// <summary>How many times the scenario was run.</summary>
    public int Runs { get; init; }
}

/// <summary>
/// Searches for the smallest pool with which a scenario has no failed mmap, no SIGBUS and no killed process. Each trial is the whole scenario on a fresh
/// machine, one command after the other, so that it always ends in the same way.
/// </summary>
internal sealed class PoolPlanner(PlanScenario scenario, Func<CancellationToken, ValueTask<IScenarioMachine>> create, int nodes, Action<int>? onRun = null)
{
    // Sizes on each side of the minimum that are tried to see whether the workload is monotone.
    private const int ChecksPerSide = 6;

    private int _runs;

    /// <summary>Searches.</summary>
    public async Task<PlanResult> RunAsync(CancellationToken cancellationToken)
    {
        var most = scenario.MostPages;
        var ample = new PlanMachine([.. Enumerable.Repeat(most, nodes)], 0);
        if (await TryAsync(ample, cancellationToken).ConfigureAwait(false) is { } hopeless)
        {
            return new PlanResult { Hopeless = hopeless, Runs = _runs };
        }

        // As many on each node as on the others, then node by node: those before have their minimum, those behind still have that many.
        var evenly = nodes == 1 ? most
            : (await SearchAsync(pages => new PlanMachine([.. Enumerable.Repeat(pages, nodes)], 0), most, cancellationToken).ConfigureAwait(false)).Pages;
        var pool = Enumerable.Repeat(evenly, nodes).ToArray();
        var minima = new List<PlanMinimum>();
        for (var node = 0; node < nodes; node++)
        {
            var at = node;
            PlanMachine With(long pages) => new([.. pool.Select((p, i) => i == at ? pages : p)], 0);
            var minimum = await SearchAsync(With, evenly, cancellationToken).ConfigureAwait(false);
            pool[node] = minimum.Pages;
            minima.Add(minimum);
        }

        var (checks, exceptions) = await CheckAsync(pool, cancellationToken).ConfigureAwait(false);
        return new PlanResult
        {
            Pool = minima,
            Overcommit = await OvercommitAsync(most, cancellationToken).ConfigureAwait(false),
            Mounts = await MountsAsync(ample, most, cancellationToken).ConfigureAwait(false),
            CheckedSizes = checks,
            Exceptions = exceptions,
            Runs = _runs,
        };
    }

    private async Task<PlanMinimum?> OvercommitAsync(long most, CancellationToken cancellationToken)
    {
        PlanMachine With(long pages) => new([.. Enumerable.Repeat(0L, nodes)], pages);
        return await TryAsync(With(most), cancellationToken).ConfigureAwait(false) is not null
            ? null
            : await SearchAsync(With, most, cancellationToken).ConfigureAwait(false);
    }

    // The most that a mount ever has in use and in reserve is the smallest limit that it does not run into; a min_size of that asks nobody for a page.
    private async Task<IReadOnlyList<(string Mount, PlanMinimum MinSize)>> MountsAsync(PlanMachine ample, long most, CancellationToken cancellationToken)
    {
        var found = new List<(string Mount, PlanMinimum MinSize)>();
        foreach (var mount in scenario.Mounts)
        {
            PlanMachine With(long pages) => ample with { MountSize = (mount, pages) };
            if (await TryAsync(With(most), cancellationToken).ConfigureAwait(false) is null)
            {
                found.Add((mount, await SearchAsync(With, most, cancellationToken).ConfigureAwait(false)));
            }
        }

        return found;
    }

    // Bisection: enough is known to be enough, and below 0 there is nothing.
    private async Task<PlanMinimum> SearchAsync(Func<long, PlanMachine> with, long enough, CancellationToken cancellationToken)
    {
        var (tooFew, oneLess) = (-1L, (PlanProblem?)null);
        while (enough - tooFew > 1)
        {
            var middle = tooFew + ((enough - tooFew) / 2);
            if (await TryAsync(with(middle), cancellationToken).ConfigureAwait(false) is { } problem)
            {
                (tooFew, oneLess) = (middle, problem);
            }
            else
            {
                enough = middle;
            }
        }

        return new PlanMinimum(enough, oneLess);
    }

    private async Task<(int Checks, IReadOnlyList<long> Exceptions)> CheckAsync(long[] pool, CancellationToken cancellationToken)
    {
        var largest = Array.IndexOf(pool, pool.Max());
        var minimum = pool[largest];
        var step = Math.Max(1, minimum / (2 * ChecksPerSide));
        var sizes = Enumerable.Range(1, ChecksPerSide).SelectMany(i => new[] { minimum - 1 - (i * step), minimum + (i * step) }).Where(size => size >= 0);
        var (checks, exceptions) = (0, new List<long>());
        foreach (var size in sizes.Order())
        {
            checks++;
            var trial = new PlanMachine([.. pool.Select((p, i) => i == largest ? size : p)], 0);
            var isEnough = await TryAsync(trial, cancellationToken).ConfigureAwait(false) is null;
            if (isEnough != size >= minimum)
            {
                exceptions.Add(trial.TotalPages);
            }
        }

        return (checks, exceptions);
    }

    // The first problem of the scenario on a machine, or null.
    private async Task<PlanProblem?> TryAsync(PlanMachine trial, CancellationToken cancellationToken)
    {
        onRun?.Invoke(++_runs);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var observer = new FirstProblem(stop);
        var machine = await create(cancellationToken).ConfigureAwait(false);
        await using (machine.ConfigureAwait(false))
        {
            await ScenarioRunner.RunAsync(scenario.Items(trial), machine, observer, findAllErrors: false, stop.Token).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return observer.Problem;
    }

    private sealed class FirstProblem(CancellationTokenSource stop) : IScenarioObserver
    {
        public PlanProblem? Problem { get; private set; }

        public void OnComment(ScenarioComment comment)
        {
        }

        public void OnStep(ScenarioStepResult step)
        {
            if (Problem is null && PlanProblem.Of(step) is { } problem)
            {
                Problem = problem;
                stop.Cancel();
            }
        }

        public void OnEnd(TeardownResult teardown)
        {
        }
    }
}

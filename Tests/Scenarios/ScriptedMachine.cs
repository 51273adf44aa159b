using Hugesim.Scenarios;

namespace Hugesim.Tests.Scenarios;

/// <summary>A machine for tests of the language and the command line: it says what the test wrote down.</summary>
internal sealed class ScriptedMachine : IScenarioMachine
{
    private readonly Queue<RecordedAnswer> _answers;
    private IReadOnlyList<string> _deaths = [];
    private MachineCounters _counters = Empty;

    public ScriptedMachine(IEnumerable<RecordedAnswer> answers, TeardownResult? teardown = null)
    {
        _answers = new Queue<RecordedAnswer>(answers);
        Teardown = teardown ?? new TeardownResult(Empty, false, 0);
    }

    public static MachineCounters Empty { get; } = new(0, 0, 0, 0, 0, [new NodeCounters(0, 0, 0, 0)], [], [new CgroupCounters("", 0, 0)]);

    public List<ScenarioCommand> Executed { get; } = [];

    public TeardownResult Teardown { get; set; }

    public Action<ScenarioCommand>? OnExecute { get; set; }

    public bool IsDisposed { get; private set; }

    public ValueTask<string> ExecuteAsync(ScenarioCommand command, CancellationToken cancellationToken)
    {
        Executed.Add(command);
        OnExecute?.Invoke(command);
        var answer = _answers.Count > 0 ? _answers.Dequeue() : new RecordedAnswer("ok", [], _counters);
        _deaths = answer.Deaths;
        _counters = answer.Counters ?? _counters;
        return ValueTask.FromResult(answer.Answer);
    }

    public IReadOnlyList<string> TakeDeaths()
    {
        var deaths = _deaths;
        _deaths = [];
        return deaths;
    }

    public ValueTask<MachineCounters> ReadCountersAsync(CancellationToken ct) => ValueTask.FromResult(_counters);

    public ValueTask<TeardownResult> TearDownAsync(CancellationToken ct) => ValueTask.FromResult(Teardown);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}

/// <summary>Makes machines that a test provides.</summary>
internal sealed class ScriptedMachineFactory(Func<MachineOptions, IScenarioMachine> create) : IScenarioMachineFactory
{
    public List<MachineOptions> Requested { get; } = [];

    public ValueTask<IScenarioMachine> CreateAsync(MachineOptions options, CancellationToken ct)
    {
        lock (Requested)
        {
            Requested.Add(options);
        }

        return ValueTask.FromResult(create(options));
    }
}

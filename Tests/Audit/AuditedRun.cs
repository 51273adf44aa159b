using Hugesim.Audit;
using Hugesim.Machine;
using Hugesim.Scenarios;
using Hugesim.Tests.Truth;

namespace Hugesim.Tests.Audit;

/// <summary>Plays scenarios on a simulated machine, with an audit after each step.</summary>
internal sealed class AuditedRun : IAsyncDisposable
{
    private readonly IScenarioMachine _machine;
    private readonly ScenarioParser _parser = new("random");
    private readonly List<string> _commands = [];
    private readonly List<string> _transcript = [];

    private AuditedRun(IScenarioMachine machine) => _machine = machine;

    /// <summary>Every command so far.</summary>
    public IReadOnlyList<string> Commands => _commands;

    /// <summary>The counters after the last step.</summary>
    public MachineCounters? Counters { get; private set; }

    /// <summary>The recording, line by line.</summary>
    public IReadOnlyList<string> Transcript => _transcript;

    public static async Task<AuditedRun> StartAsync(MachineOptions options) =>
        new(await TestMachines.Factory.CreateAsync(options, CancellationToken.None));

    /// <summary>Executes a command and returns its answer.</summary>
    public async Task<string> StepAsync(string text)
    {
        _commands.Add(text);
        if (_parser.ParseLine(_commands.Count, text) is not ScenarioStep step)
        {
            throw new InvalidOperationException($"'{text}' is no command of the language");
        }

        var answer = await _machine.ExecuteAsync(step.Command, CancellationToken.None);
        Counters = await _machine.ReadCountersAsync(CancellationToken.None);
        _transcript.Add("> " + text);
        _transcript.Add(RecordingText.Answer(answer, _machine.TakeDeaths(), Counters));
        return answer;
    }

    public ValueTask<IReadOnlyList<AuditViolation>> AuditAsync() => ((IAuditedMachine)_machine).AuditAsync(CancellationToken.None);

    public async Task<TeardownResult> TearDownAsync()
    {
        var end = await _machine.TearDownAsync(CancellationToken.None);
        _transcript.Add(RecordingText.End(end));
        return end;
    }

    /// <summary>The recording so far, for a failing test's message.</summary>
    public string Describe() => Environment.NewLine + string.Join(Environment.NewLine, _transcript);

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}

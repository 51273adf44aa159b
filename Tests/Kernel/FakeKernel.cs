using Hugesim.Kernel;
using Hugesim.Scenarios;
using Hugesim.Tests.Scenarios;

namespace Hugesim.Tests.Kernel;

/// <summary>A machine that has everything which scenarios on a real kernel need; tests take something away.</summary>
internal sealed record FakeEnvironment : IKernelEnvironment
{
    public bool IsLinux { get; init; } = true;

    public bool IsRoot { get; init; } = true;

    public string Release { get; init; } = "6.18.44-test";

    public string? Compiler { get; init; } = "cc";

    public bool HasHugetlbfs { get; init; } = true;

    public int Nodes => 1;

    public long Available { get; init; } = 16L << 30;

    public IReadOnlyDictionary<string, long> Pool { get; init; } =
        new Dictionary<string, long> { ["nr_hugepages"] = 0, ["nr_overcommit_hugepages"] = 0, ["resv_hugepages"] = 0 };

    public long? ReadPool(string counter) => Pool.TryGetValue(counter, out var value) ? value : null;

    public long AvailableBytes() => Available;
}

/// <summary>A kernel whose machines a test provides.</summary>
internal sealed class FakeKernel(Func<IScenarioMachine> start) : IKernelHost
{
    public int Started { get; private set; }

    public string Release { get; init; } = "6.18.44-test";

    public int Nodes => 1;

    public KernelRefusal? Refusal { get; init; }

    public KernelRefusal? Check(bool force) => force ? null : Refusal;

    public ValueTask<IScenarioMachine> StartAsync(KernelRunOptions options, CancellationToken cancellationToken)
    {
        Started++;
        return ValueTask.FromResult(start());
    }
}

/// <summary>A machine that answers each command by its text.</summary>
internal sealed class AnsweringMachine(Func<string, string> answer) : IScenarioMachine
{
    public ValueTask<string> ExecuteAsync(ScenarioCommand command, CancellationToken cancellationToken) =>
        ValueTask.FromResult(answer(command.Source.Text));

    public IReadOnlyList<string> TakeDeaths() => [];

    public ValueTask<MachineCounters> ReadCountersAsync(CancellationToken ct) => ValueTask.FromResult(ScriptedMachine.Empty);

    public ValueTask<TeardownResult> TearDownAsync(CancellationToken ct) => ValueTask.FromResult(new TeardownResult(ScriptedMachine.Empty, false, 0));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

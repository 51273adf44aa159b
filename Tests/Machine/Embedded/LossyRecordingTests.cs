using Hugesim.Cli;
using Hugesim.Embedded;
using Hugesim.Grains;
using Hugesim.Machine;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Hugesim.Tests.Scenarios;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>While messages are lost, late and doubled, the simulated kernel answers what the real one answered, to the byte.</summary>
public sealed class LossyRecordingTests
{
    /// <summary>The recordings of the newest kernel by hand, with one node and with several.</summary>
    public static TheoryData<string> Recordings => [.. RecordingFiles.All.Where(name => name.StartsWith("7.3", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task Machine_WhileMessagesAreLostLateAndTwice_AnswersAsTheKernel(string recording)
    {
        var folder = RecordingFolder.Parse(Path.GetFileName(Path.GetDirectoryName(recording)!), TestConsole.Profiles).ShouldNotBeNull();
        foreach (var seed in new[] { 1L, Random.Shared.NextInt64() })
        {
            await using var host = new LossyHost(new LossyPlan(oneIn: 15), seed);
            var options = new MachineOptions(folder.Profile, folder.Nodes, "deterministic", seed, 3);
            await using var machine = await GrainMachine.BootAsync(host, "m", options);
            await using var stream = File.OpenRead(Path.Combine(RecordingFiles.Root, recording));

            var verdict = await RecordingChecker.CheckAsync(stream, recording, machine, allDifferences: false, TestContext.Current.CancellationToken);

            verdict.Agrees.ShouldBeTrue($"seed {seed}: {verdict.Failure} {verdict.Differences.FirstOrDefault()}");
        }
    }

    private sealed class LossyHost : IScheduledGrainHost
    {
        private readonly EmbeddedCluster _cluster;

        public LossyHost(FaultPlan plan, long seed)
        {
            _cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions
            {
                Scheduler = SchedulerKind.Deterministic,
                Seed = seed,
                Silos = 3,
                Faults = plan,
                ResponseTimeout = GrainHostOptions.ResponseTimeout,
                ConfigureServices = services => services.AddEmbeddedHugesim(),
            });
            Calls = new RepeatedCalls(_cluster.Services.GetRequiredService<TimeProvider>());
        }

        public RepeatedCalls Calls { get; }

        public ValueTask<T> RunAsync<T>(Func<IGrainFactory, ValueTask<T>> client) => new(_cluster.Run(grains => client(grains).AsTask()));

        public void Run(Func<IGrainFactory, Task>[] clients) => _cluster.Run(clients);

        public ValueTask DisposeAsync() => _cluster.DisposeAsync();
    }
}

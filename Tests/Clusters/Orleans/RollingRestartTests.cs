using Hugesim.Silo;
using Hugesim.Tests.Machine;
using Orleans;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>Silos on PostgreSQL that are restarted in order, one after the other, while a machine on them works and nobody pauses.</summary>
public sealed class RollingRestartTests(PostgresServer server) : IAsyncLifetime
{
    private const int Workers = 3;
    private const int RoundsAfterEach = 6;

    private readonly HugesimProgram _program = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _program.DisposeAsync();

    [Fact]
    public async Task Restart_EachSiloInTurnUnderLoad_LosesNoCallAndEndsWithACleanAudit()
    {
        var connection = await server.NewDatabaseAsync();
        await PostgresSchema.SetUpAsync(connection, TestContext.Current.CancellationToken);
        _program.Environment["HUGESIM_CONNECTION"] = connection;
        var up = await _program.RunAsync("cluster", "up", "--detach", "--silos", "3", "--clustering", "postgres");
        up.ExitCode.ShouldBe(0, up.Output + up.Error);
        try
        {
            var status = await LocalClusterFixture.StatusAsync(_program);
            var target = new ClusterTarget("test", status.ClusterId, status.ServiceId, [], null, connection);
            await using var client = await ClusterClient.ConnectAsync(target, traces: false, TestContext.Current.CancellationToken);
            var machine = new LoadedMachine(await client.RunAsync(grains => new ValueTask<IGrainFactory>(grains)), "load", client.Calls);
            await machine.BootAsync(nodes: 2);
            using var stop = new CancellationTokenSource();
            var load = machine.LoadAsync(Workers, stop.Token);
            foreach (var silo in status.Silos)
            {
                await machine.ReachAsync(machine.Rounds + RoundsAfterEach, load);
                await ChangeAsync("stop", silo.Name);
                await machine.ReachAsync(machine.Rounds + RoundsAfterEach, load);
                await ChangeAsync("start", silo.Name);
            }

            await machine.ReachAsync(machine.Rounds + RoundsAfterEach, load);
            await stop.CancelAsync();

            // A worker checks each answer; one that was not given in the end would be an exception here.
            await load;
            (await machine.AuditAsync()).Select(violation => violation.ToString()).ShouldBeEmpty($"{machine.Rounds} rounds");
        }
        finally
        {
            (await _program.RunAsync("cluster", "down")).ExitCode.ShouldBe(0);
        }
    }

    private async Task ChangeAsync(string action, string silo)
    {
        var (code, output, error) = await _program.RunAsync("cluster", action, silo);
        code.ShouldBe(0, output + error);
    }
}

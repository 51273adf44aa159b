using Hugesim.Silo;
using Hugesim.Tests.Machine;
using Orleans;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>Silos on PostgreSQL that are restarted one after the other, while a machine on them works.</summary>
public sealed class RollingRestartTests(PostgresServer server) : IAsyncLifetime
{
    private const int Workers = 2;
    private const int RoundsAfterEach = 6;
    // A call whose gateway is stopped may stay without an answer, though it was executed: the worker then begins anew with another process.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HugesimProgram _program = new();
    private int _unanswered;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _program.DisposeAsync();

    [Fact]
    public async Task Restart_EachSiloInTurnUnderLoad_EndsWithACleanAudit()
    {
        var connection = await server.NewDatabaseAsync();
        await PostgresSchema.SetUpAsync(connection, TestContext.Current.CancellationToken);
        _program.Environment["HUGESIM_CONNECTION"] = connection;
        var up = await _program.RunAsync("cluster", "up", "--detach", "--silos", "3", "--clustering", "postgres");
        up.ExitCode.ShouldBe(0, up.Output + up.Error);
        var status = await LocalClusterFixture.StatusAsync(_program);
        await using (var client = await ClusterClient.ConnectAsync(
            new ClusterTarget("test", status.ClusterId, status.ServiceId, [], null, connection), TestContext.Current.CancellationToken))
        {
            var machine = new LoadedMachine(await client.RunAsync(grains => new ValueTask<IGrainFactory>(grains)), "load");
            await machine.BootAsync(nodes: 2);
            using var stop = new CancellationTokenSource();
            var load = Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => WorkAsync(machine, worker, stop.Token)));
            foreach (var silo in status.Silos)
            {
                await machine.ReachAsync(machine.Rounds + RoundsAfterEach, load);
                await ChangeAsync("stop", silo.Name);
                await machine.ReachAsync(machine.Rounds + RoundsAfterEach, load);
                await ChangeAsync("start", silo.Name);
            }

            await machine.ReachAsync(machine.Rounds + RoundsAfterEach, load);
            await stop.CancelAsync();
            await load;

            (await AuditAsync(machine)).ShouldBeEmpty($"{machine.Rounds} rounds, {_unanswered} calls without an answer");
        }

        (await _program.RunAsync("cluster", "down")).ExitCode.ShouldBe(0);
    }

    private async Task WorkAsync(LoadedMachine machine, int worker, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await machine.WorkAsync(worker, rounds: 4, stop).WaitAsync(Patience, CancellationToken.None);
            }
            catch (Exception exception) when (exception is TimeoutException or SiloUnavailableException or OrleansMessageRejectionException)
            {
                Interlocked.Increment(ref _unanswered);
            }
        }
    }

    // What was begun by a call without an answer may still be going on.
    private static async Task<string[]> AuditAsync(LoadedMachine machine)
    {
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(200))
        {
            var found = (await machine.AuditAsync()).Select(violation => violation.ToString()).ToArray();
            if (found.Length == 0 || DateTime.UtcNow > end)
            {
                return found;
            }
        }
    }

    private async Task ChangeAsync(string action, string silo)
    {
        var (code, output, error) = await _program.RunAsync("cluster", action, silo);
        code.ShouldBe(0, output + error);
    }
}

using Hugesim.Silo;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>Silos that find each other in PostgreSQL, and the command that sets it up.</summary>
public sealed class PostgresTests(PostgresServer server) : IAsyncLifetime
{
    private readonly HugesimProgram _program = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _program.DisposeAsync();

    [Fact]
    public async Task Schema_SetUpTwice_IsThereAndNoPasswordIsShown()
    {
        var connection = await server.NewDatabaseAsync();
        await Should.ThrowAsync<ClusterException>(() => PostgresSchema.CheckAsync(connection, TestContext.Current.CancellationToken));

        _program.Environment["HUGESIM_CONNECTION"] = connection;
        var first = await _program.RunAsync("cluster", "schema");
        await PostgresSchema.SetUpAsync(connection, TestContext.Current.CancellationToken);

        first.ExitCode.ShouldBe(0, first.Error);
        (first.Output + first.Error).ShouldNotContain("geheim");
        first.Output.ShouldStartWith("the schema is set up in 'd");
        await PostgresSchema.CheckAsync(connection, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Cluster_OnPostgres_RunsScenariosAndLosesASilo()
    {
        var connection = await server.NewDatabaseAsync();
        await PostgresSchema.SetUpAsync(connection, TestContext.Current.CancellationToken);
        _program.Environment["HUGESIM_CONNECTION"] = connection;

        var up = await _program.RunAsync("cluster", "up", "--detach", "--silos", "2", "--clustering", "postgres");
        up.ExitCode.ShouldBe(0, up.Output + up.Error);
        try
        {
            await RunsAsync("local");
            // The way of a client elsewhere, who knows the database only.
            _program.Environment["HUGESIM_CLUSTER_ID"] = (await LocalClusterFixture.StatusAsync(_program)).ClusterId;
            await RunsAsync("postgres");
            (await _program.RunAsync("cluster", "stop", "silo-2")).ExitCode.ShouldBe(0);
            await RunsAsync("local");
        }
        finally
        {
            (await _program.RunAsync("cluster", "down")).ExitCode.ShouldBe(0);
        }

        foreach (var log in Directory.EnumerateFiles(_program.StateFolder, "*.log", SearchOption.AllDirectories))
        {
            (await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken)).ShouldNotContain("geheim");
        }
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Username=u;Password=geheim;Database=d", 3, "the database 'd' at 127.0.0.1:1, user 'u' does not answer")]
    [InlineData("Host=127.0.0.1;Pasword=geheim", 2, "the connection string cannot be read")]
    [InlineData("Password=geheim", 2, "the connection string cannot be read: it names no host")]
    public async Task Schema_WrongConnection_SaysWhatIsWrongWithoutThePassword(string connection, int exitCode, string message)
    {
        _program.Environment["HUGESIM_CONNECTION"] = connection;

        var (code, output, error) = await _program.RunAsync("cluster", "schema");

        code.ShouldBe(exitCode, error);
        error.ShouldContain(message);
        (output + error).ShouldNotContain("geheim");
    }

    [Fact]
    public void Script_Whole_HoldsEveryStatementThatOrleansAsksFor()
    {
        string[] keys =
        [
            "GatewaysQueryKey", "MembershipReadRowKey", "MembershipReadAllKey", "InsertMembershipVersionKey", "UpdateIAmAlivetimeKey", "InsertMembershipKey",
            "UpdateMembershipKey", "DeleteMembershipTableEntriesKey", "CleanupDefunctSiloEntriesKey", "WriteToStorageKey", "ReadFromStorageKey",
            "ClearStorageKey", "DeleteStorageKey",
        ];
        var script = PostgresSchema.Script();

        keys.ShouldAllBe(key => script.Contains($"VALUES ('{key}', $query$", StringComparison.Ordinal));
    }

    private async Task RunsAsync(string cluster)
    {
        var scenario = Path.Combine(_program.StateFolder, "scenario.txt");
        await File.WriteAllTextAsync(scenario, "pool 4\nproc p\np mmap m 3 private\np w m 0..2\n");
        var (code, output, error) = await _program.RunAsync("run", "--cluster", cluster, "--format", "recording", scenario);
        code.ShouldBe(0, output + error);
        output.ShouldContain("= end (all processes killed, shm removed, unmounted) | nr=4 free=4 resv=0");
    }
}

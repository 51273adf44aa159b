using System.Diagnostics;
using System.Net;
using Hugesim.Silo;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>One silo as a process, configured by the environment.</summary>
public sealed class SiloProcessTests : IAsyncLifetime
{
    private readonly HugesimProgram _program = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _program.DisposeAsync();

    [Fact]
    public async Task Silo_StartedAndTerminated_TellsItsHealthTakesMachinesAndStopsInOrder()
    {
        var ports = FreePorts.Find(3);
        _program.Environment["HUGESIM_SILO_PORT"] = $"{ports[0]}";
        _program.Environment["HUGESIM_GATEWAY_PORT"] = $"{ports[1]}";
        using var silo = _program.Start("silo", "--health-port", $"{ports[2]}", "--numa-nodes", "0,1");
        (await ReadUntilReadyAsync(silo)).ShouldContain($"silo port {ports[0]}, gateway port {ports[1]}, http://127.0.0.1:{ports[2]}/health/ready, NUMA nodes 0,1");

        using var http = new HttpClient();
        foreach (var path in new[] { HealthEndpoint.LivePath, HealthEndpoint.ReadyPath })
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{ports[2]}{path}"), TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, path);
        }

        // A gateway names a cluster too.
        var scenario = Path.Combine(_program.StateFolder, "scenario.txt");
        await File.WriteAllTextAsync(scenario, "pool 2\n", TestContext.Current.CancellationToken);
        var run = await _program.RunAsync("run", "--cluster", $"localhost:{ports[1]}", scenario);
        run.ExitCode.ShouldBe(0, run.Output + run.Error);

        // A second one cannot have the same ports.
        var second = await _program.RunAsync("silo");
        second.ExitCode.ShouldBe(3);
        second.Error.ShouldContain($"cannot listen on 127.0.0.1:{ports[0]}: ");

        using var kill = Process.Start("kill", ["-TERM", $"{silo.Id}"]);
        await HugesimProgram.EndOf(silo);
        silo.ExitCode.ShouldBe(0);
        (await silo.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldContain("has stopped");
    }

    private static async Task<string> ReadUntilReadyAsync(Process silo)
    {
        while (await silo.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains(" is ready: ", StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException(await silo.StandardError.ReadToEndAsync());
    }
}

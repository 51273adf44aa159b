using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Hugesim.Clusters;
using Hugesim.Tests.Clusters;
using Hugesim.Tests.Scenarios;
using Hugesim.Tests.Telemetry.Otlp;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>Tests that share one cluster that is watched.</summary>
[CollectionDefinition(Name)]
public sealed class ObservedClusterCollection : ICollectionFixture<ObservedCluster>
{
    public const string Name = "observed cluster";
}

/// <summary>
/// A cluster of two silos in the background that sends its flows to a receiver of this process and serves consoles. It sends only flows that failed, and
/// those whose client wants them.
/// </summary>
public sealed class ObservedCluster : IAsyncLifetime
{
    private readonly HugesimProgram _program = new();
    private readonly TemporaryFolder _scenarios = new();
    private OtlpReceiver? _receiver;
    private int _count;

    internal OtlpReceiver Receiver => _receiver!;

    /// <summary>The console of each silo.</summary>
    public IReadOnlyList<Uri> Consoles { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        _receiver = await OtlpReceiver.StartAsync();
        var (code, output, error) = await _program.RunAsync(
            "cluster", "up", "--detach", "--silos", "2", "--console", "--otlp-endpoint", _receiver.Address, "--otlp-protocol", "http/protobuf", "--trace-ratio", "0");
        if (code != 0)
        {
            throw new InvalidOperationException($"exit code {code}\n{output}{error}");
        }

        var status = await LocalClusterFixture.StatusAsync(_program);
        Consoles = [.. status.Silos.Select(silo => new Uri($"http://127.0.0.1:{silo.HttpPort}/"))];
    }

    public async ValueTask DisposeAsync()
    {
        await _program.RunAsync("cluster", "down");
        await _program.DisposeAsync();
        _scenarios.Dispose();
        if (_receiver is not null)
        {
            await _receiver.DisposeAsync();
        }
    }

    /// <summary>
    /// Runs a scenario on a machine that stays until the answer is disposed: its client waits for more. The name of the machine is found by what only it has: a
    /// pool of that many pages.
    /// </summary>
    internal async Task<LiveMachine> StartAsync(int pages, int nodes, params string[] lines)
    {
        var client = _program.Start("run", "--cluster", ClusterNames.Default, "--nodes", $"{nodes}", "-");
        await client.StandardInput.WriteAsync($"pool {pages}\n{string.Join('\n', lines)}\n");
        await client.StandardInput.FlushAsync();
        using var http = new HttpClient();
        return await EventuallyAsync(async () =>
        {
            if (client.HasExited)
            {
                throw new InvalidOperationException(await client.StandardError.ReadToEndAsync());
            }

            var cluster = await http.GetFromJsonAsync<JsonElement>(new Uri(Consoles[0], "/api/cluster"), TestContext.Current.CancellationToken);
            foreach (var name in cluster.GetProperty("machines").EnumerateArray().Select(machine => machine.GetString()!))
            {
                using var answer = await http.GetAsync(new Uri(Consoles[0], $"/api/machines/{name}"), TestContext.Current.CancellationToken);
                var machine = (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("machine");
                if (machine.ValueKind == JsonValueKind.Object && machine.GetProperty("pool").GetProperty("nr").GetInt64() == pages)
                {
                    return new LiveMachine(name, client);
                }
            }

            return null;
        });
    }

    /// <summary>Looks again and again until there is an answer. It fails after minutes: what is waited for comes in a moment, on a machine that is not busy.</summary>
    internal static async Task<T> EventuallyAsync<T>(Func<Task<T?>> look)
        where T : class
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(3);)
        {
            if (await look() is { } found)
            {
                return found;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException("it has not come");
    }

    /// <summary>Starts a web console whose scenarios run on the cluster.</summary>
    internal async Task<RunningConsole> StartConsoleAsync()
    {
        var console = _program.Start("console", "--cluster", ClusterNames.Default, "--port", "0");
        var line = await console.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) ?? await console.StandardError.ReadToEndAsync();
        var words = line.Split(' ');
        return words.Length > 4 && Uri.TryCreate(words[4], UriKind.Absolute, out var address) ? new RunningConsole(address, console) : throw new InvalidOperationException(line);
    }

    /// <summary>Runs a scenario on a machine of the cluster, with a client that sends its flows as well.</summary>
    /// <param name="ratio">The share of flows that the client wants.</param>
    /// <param name="lines">The scenario.</param>
    public async Task RunAsync(double ratio, params string[] lines)
    {
        var file = _scenarios.Write($"{Interlocked.Increment(ref _count)}.txt", string.Join('\n', lines) + "\n");
        var (code, output, error) = await _program.RunAsync(
            "run", "--cluster", ClusterNames.Default, "--otlp-endpoint", Receiver.Address, "--otlp-protocol", "http/protobuf",
            "--trace-ratio", FormattableString.Invariant($"{ratio}"), file);
        if (code != 0)
        {
            throw new InvalidOperationException($"exit code {code}\n{output}{error}");
        }
    }
}

/// <summary>A web console as a process of its own, until it is disposed.</summary>
internal sealed class RunningConsole(Uri address, Process process) : IDisposable
{
    /// <summary>Where it listens.</summary>
    public Uri Address { get; } = address;

    public void Dispose()
    {
        process.Kill();
        process.Dispose();
    }
}

/// <summary>A machine of the cluster whose client waits.</summary>
internal sealed class LiveMachine(string name, Process client) : IAsyncDisposable
{
    /// <summary>Its name in the cluster.</summary>
    public string Name { get; } = name;

    /// <summary>Lets the client go on.</summary>
    public async Task WriteAsync(string line)
    {
        await client.StandardInput.WriteAsync(line + "\n");
        await client.StandardInput.FlushAsync();
    }

    public async ValueTask DisposeAsync()
    {
        client.StandardInput.Close();
        await HugesimProgram.EndOf(client);
        client.Dispose();
    }
}

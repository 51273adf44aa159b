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

using System.Text.Json;
using Hugesim.Clusters;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>Tests that share one cluster.</summary>
[CollectionDefinition(Name)]
public sealed class LocalClusterCollection : ICollectionFixture<LocalClusterFixture>
{
    public const string Name = "local cluster";
}

/// <summary>One local cluster of three silos in the background, for tests that do not harm it.</summary>
public sealed class LocalClusterFixture : IAsyncLifetime
{
    private readonly HugesimProgram _program = new();

    internal HugesimProgram Program => _program;

    public string UpOutput { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var (code, output, error) = await _program.RunAsync("cluster", "up", "--detach", "--silos", "3");
        UpOutput = code == 0 ? output : throw new InvalidOperationException($"exit code {code}\n{output}{error}");
    }

    public async ValueTask DisposeAsync()
    {
        await _program.RunAsync("cluster", "down");
        await _program.DisposeAsync();
    }

    internal static async Task<ClusterStatus> StatusAsync(HugesimProgram program, string name = "local")
    {
        var (code, output, error) = await program.RunAsync("cluster", "status", name, "--json");
        return code == 0 && output.Contains("\"isReady\"", StringComparison.Ordinal)
            ? JsonSerializer.Deserialize(output, ControlJson.Default.ClusterStatus)!
            : throw new InvalidOperationException($"exit code {code}\n{output}{error}");
    }
}

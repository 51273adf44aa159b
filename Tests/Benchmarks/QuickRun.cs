namespace Hugesim.Benchmarks;

/// <summary>Short measurements for the console.</summary>
internal static partial class QuickRun
{
    internal static async Task<int> RunAsync(string name)
    {
        var measurements = new Dictionary<string, Func<Task>>
        {
            ["cluster"] = Machine.QuickCluster.RunAsync,
            [Machine.QuickCluster.JsonName] = Machine.QuickCluster.RunJsonAsync,
            ["faults"] = Machine.QuickMachine.RunFaultsAsync,
            ["hotpath"] = Machine.QuickHotPath.RunAsync,
            ["machine"] = Machine.QuickMachine.RunAsync,
            ["tracing"] = Machine.QuickTracing.RunAsync,
            ["map"] = () =>
            {
                ReserveMapQuick.Run();
                return Task.CompletedTask;
            },
        };
        AddOfEngine(measurements);
        if (!measurements.TryGetValue(name, out var measure))
        {
            await Console.Error.WriteLineAsync($"there is no quick measurement '{name}'; there are: {string.Join(", ", measurements.Keys.Order())}");
            return 2;
        }

        await measure();
        return 0;
    }

    // Measurements that only this build's engine has.
    static partial void AddOfEngine(Dictionary<string, Func<Task>> measurements);
}

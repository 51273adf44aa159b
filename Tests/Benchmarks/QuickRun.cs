namespace Hugesim.Benchmarks;

/// <summary>Short measurements for the console.</summary>
internal static class QuickRun
{
    internal static async Task<int> RunAsync(string name)
    {
        switch (name)
        {
            case "engine":
                await Engine.QuickEngine.RunAsync();
                return 0;
            case "machine":
                await Machine.QuickMachine.RunAsync();
                return 0;
            case "map":
                ReserveMapQuick.Run();
                return 0;
            default:
                await Console.Error.WriteLineAsync($"There is no quick measurement '{name}'; there are: engine, machine, map");
                return 2;
        }
    }
}

namespace Hugesim.Benchmarks;

/// <content>Measurements of the embedded engine.</content>
internal static partial class QuickRun
{
    static partial void AddOfEngine(Dictionary<string, Func<Task>> measurements)
    {
        measurements["engine"] = Engine.QuickEngine.RunAsync;
        AddOfEmbeddedEngine(measurements);
    }

    // Those that need its deterministic scheduler.
    static partial void AddOfEmbeddedEngine(Dictionary<string, Func<Task>> measurements);
}

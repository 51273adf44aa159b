namespace Hugesim.Benchmarks;

/// <content>Measurements of the embedded engine.</content>
internal static partial class QuickRun
{
    static partial void AddOfEngine(Dictionary<string, Func<Task>> measurements) => measurements["engine"] = Engine.QuickEngine.RunAsync;
}

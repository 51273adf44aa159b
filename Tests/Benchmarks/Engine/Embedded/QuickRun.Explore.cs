namespace Hugesim.Benchmarks;

/// <content>Measurements of the deterministic scheduler.</content>
internal static partial class QuickRun
{
    static partial void AddOfEmbeddedEngine(Dictionary<string, Func<Task>> measurements) => measurements["explore"] = Engine.QuickExplore.RunAsync;
}

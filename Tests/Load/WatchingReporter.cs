using Hugesim.Load;

namespace Hugesim.Tests.Load;

/// <summary>Lets a test act at what happens during a load.</summary>
internal sealed class WatchingReporter : ILoadReporter
{
    /// <summary>Is called with the phase.</summary>
    public Action<string> Progress { get; init; } = _ => { };

    /// <summary>Is called with everything until then.</summary>
    public Action<LoadTotals> Sample { get; init; } = _ => { };

    public void OnBegin(LoadOptions options)
    {
    }

    public void OnProgress(string phase, long done, long total) => Progress(phase);

    public void OnSample(LoadSample sample, LoadTotals totals) => Sample(totals);

    public void OnSummary(LoadResults results)
    {
    }
}

using System.Globalization;
using Hugesim.Bench;
using Hugesim.Silo;

namespace Hugesim.Benchmarks.Machine;

/// <summary>The hot path of <c>hugesim bench</c> by itself: what many callers ask of one hstate, one by one and combined, against a bare call.</summary>
internal static class QuickHotPath
{
    private static readonly TimeSpan s_round = TimeSpan.FromMilliseconds(500);

    internal static async Task RunAsync()
    {
        await using var host = await GrainHost.StartAsync(new GrainHostOptions());
        await host.RunAsync(async grains =>
        {
            var engine = await EngineBench.StartAsync(grains);
            foreach (var side in new[] { engine.HotPath, engine.CombinedHotPath })
            {
                var result = await BenchRunner.RunAsync(new BenchItem("hot path", side, engine.BareCall), s_round, default);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{side.Name}: {result.SubjectPerSecond:N0} a second, bare call {result.ReferencePerSecond:N0}: {result.Ratio:N2} ({result.LeastRatio:N2} to {result.MostRatio:N2})"));
            }

            return 0;
        });
    }
}

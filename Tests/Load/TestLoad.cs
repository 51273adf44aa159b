using Hugesim.Load;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Load;

/// <summary>A load for tests that change what they are about.</summary>
internal static class TestLoad
{
    /// <summary>Four processes of one machine, for longer than any test takes.</summary>
    public static async Task<LoadOptions> OptionsAsync(string workload)
    {
        var (profile, errors) = await WorkloadParser.ReadAsync(RecordingFiles.ToStream(workload), "p", TestContext.Current.CancellationToken);
        return new LoadOptions
        {
            Profile = profile.ShouldNotBeNull(string.Join("\n", errors)),
            Kernel = "7.3",
            Machines = 1,
            Processes = 4,
            Workers = 2,
            Duration = TimeSpan.FromMinutes(10),
        };
    }
}

using Hugesim.Cli;
using Hugesim.Explore;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Silo;

public sealed class ExploreOnOrleansTests
{
    [Fact]
    public async Task Explore_OnOrleans_SaysWhichBuildCan_ExitCode2()
    {
        using var console = new TestConsole("pool 1\nparallel\npool 2\nend\n");

        (await console.RunAsync("explore", "-")).ShouldBe(ExitCodes.BadInput);

        console.ErrorText.ShouldEndWith("\n  hint: build with -p:GrainEngine=Embedded\n");
        console.OutputText.ShouldBe("");
        ScheduleRunner.IsSupported.ShouldBeFalse();
    }
}

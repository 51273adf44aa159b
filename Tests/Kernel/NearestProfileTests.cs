using Hugesim.Kernel;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Kernel;

/// <summary>Which simulated kernel stands for a real one.</summary>
public sealed class NearestProfileTests
{
    [Theory]
    [InlineData("6.18.44", "6.18.44")]
    [InlineData("6.18.44-generic", "6.18.44")]
    [InlineData("6.18.15+", "6.18.15")]
    [InlineData("6.18.20-rt1", "6.18.15")]
    [InlineData("6.18.99", "6.18.44")]
    [InlineData("6.18.2", "6.18.15")]
    [InlineData("6.12.63-1-amd64", "6.12")]
    [InlineData("6.8.0-31-generic", "6.1")]
    [InlineData("5.15.0", "5.10")]
    [InlineData("7.3.0-rc2", "7.3")]
    [InlineData("8.0", "7.3")]
    [InlineData("3.2.0", "2.6.27")]
    [InlineData("2.4.1", "2.6.27")]
    [InlineData("unknown", "2.6.27")]
    public void For_Release_IsTheNearestProfile(string release, string profile) =>
        NearestProfile.For(release, TestConsole.Profiles).ShouldBe(profile);

    [Fact]
    public void For_ProfilesInAnyOrder_IsTheSame() => NearestProfile.For("6.18.44-x", ["7.3", "6.18.44", "5.10"]).ShouldBe("6.18.44");
}

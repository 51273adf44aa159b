using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Support;

public sealed class PropertiesTests
{
    [Fact]
    public void Check_FailingProperty_NamesTheSeedAndReplaysTheSameCases()
    {
        var first = CasesUntilFailure(20260731, out var message);
        var second = CasesUntilFailure(20260731, out _);
        var other = CasesUntilFailure(4, out _);

        message.ShouldStartWith("replay with HUGESIM_SEED=20260731");
        second.ShouldBe(first);
        other.ShouldNotBe(first);
    }

    private static List<int> CasesUntilFailure(ulong seed, out string message)
    {
        var seen = new List<int>();
        var failure = Should.Throw<PropertyFailedException>(() => Properties.Check(
            Gen.Choose(0, 1_000_000).ToArbitrary(),
            200,
            seed,
            value =>
            {
                seen.Add(value);
                seen.Count.ShouldBeLessThan(50);
            }));
        message = failure.Message;
        return seen;
    }
}

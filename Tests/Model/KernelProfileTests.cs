using Hugesim.Model;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

public sealed class KernelProfileTests
{
    [Fact]
    public void Bugs_OfEveryKernel_AgreeWithItsRules()
    {
        foreach (var profile in KernelProfiles.All.Concat(KernelProfiles.AllRepaired))
        {
            profile.Has(KernelBug.B1).ShouldBe(profile.UnmapRestore == UnmapRestoreRule.EvenWhenShared, profile.Name);
            profile.Has(KernelBug.B2).ShouldBe(
                profile.FailedReserve is FailedReserveRule.PutSubpoolShare or FailedReserveRule.PutSubpoolShareThenQuota, profile.Name);
            profile.Has(KernelBug.B5).ShouldBe(profile.FailedReserve == FailedReserveRule.PutWholeChg, profile.Name);
        }
    }

    [Fact]
    public void Repaired_EveryKernel_HasNoBugAndIsFoundByItsName()
    {
        foreach (var profile in KernelProfiles.All)
        {
            var repaired = KernelProfiles.Get(profile.Name + KernelProfile.RepairMark);

            repaired.Bugs.ShouldBe(KernelBug.None);
            repaired.ShouldBe(profile.Repaired());
            repaired.Repaired().ShouldBe(repaired);
        }
    }

    [Fact]
    public void All_InOrderOfTime_EndWithTheNewest()
    {
        KernelProfiles.All.Select(profile => profile.Order).ShouldBeInOrder();
        KernelProfiles.All.Select(profile => profile.Name).Take(2).ShouldBe(["2.6.27", "4.10"]);
        KernelProfiles.Newest.Name.ShouldBe("7.3");
    }

    [Fact]
    public void Get_UnknownKernel_SaysWhichThereAre() =>
        Should.Throw<ArgumentException>(() => KernelProfiles.Get("7.4+repair")).Message.ShouldContain("7.3, and each with +repair");
}

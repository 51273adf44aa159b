using Hugesim.Model;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>Which pages move_pages takes, as its manual page and add_folio_for_migration say.</summary>
public sealed class PageMigrationTests
{
    private const int ENOENT = 2;
    private const int ENOMEM = 12;
    private const int EACCES = 13;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void IsShared_ByEntriesThatMapThePage_FromTheSecondOn(int mapCount, bool isShared) => PageMigration.IsShared(mapCount).ShouldBe(isShared);

    [Fact]
    public void IsThere_OfAPageOnTheNode_StaysWhoeverMapsIt()
    {
        PageMigration.IsThere(Pfn.Make(1, 7), 1).ShouldBeTrue();
        PageMigration.IsThere(Pfn.Make(0, 7), 1).ShouldBeFalse();
    }

    [Fact]
    public void StatusOf_EachOutcome_IsWhatMovePagesReports()
    {
        PageMigration.StatusOf(Pfn.Make(1, 7), 1).ShouldBe(1);
        PageMigration.StatusOf(Pfn.None, 1).ShouldBe(-ENOMEM);
        PageMigration.StatusOf(Pfn.Make(0, 7), 1).ShouldBe(-ENOENT, "cut off while it was to be moved");
        PageMigration.Absent.ShouldBe(-ENOENT);
        PageMigration.Shared.ShouldBe(-EACCES);
    }
}

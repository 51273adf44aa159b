using Hugesim.Abstractions;
using Hugesim.Audit;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Audit;

/// <summary>
/// A sound machine by hand, and each invariant broken in it. Process m/1 has mapped two pages of file m/A/0/0 shared and one private anonymous page; one page of
/// each is in use, the file is on a mount with size 4 and min_size 3, and everything is charged to group 1 below the root.
/// </summary>
public sealed class MachineInvariantsTests
{
    private const string Process = "m/1";
    private const string SharedVma = "m/1/vma0";
    private const string PrivateVma = "m/1/vma1";
    private const string Inode = "m/A/0/0";
    private const string Mount = "m/A/0";

    public static TheoryData<string, string> Damages => new()
    {
        { "hstate lost", AuditRules.Lost },
        { "frames lost", AuditRules.Lost },
        { "machine broken", AuditRules.Lost },
        { "nr", AuditRules.Pool },
        { "surplus", AuditRules.Pool },
        { "free twice", AuditRules.FreeList },
        { "free and in use", AuditRules.FreeList },
        { "resv over free", AuditRules.ReservedFree },
        { "resv too low", AuditRules.ReservedSum },
        { "reference too many", AuditRules.References },
        { "frame that nobody names", AuditRules.References },
        { "frame named and not in use", AuditRules.References },
        { "page outside of areas", AuditRules.PageTable },
        { "page that the cache does not have", AuditRules.PageTable },
        { "mapping that does not exist", AuditRules.PageTable },
        { "open file that nobody has", AuditRules.Inode },
        { "mapping missing in i_mmap", AuditRules.Inode },
        { "reserve map broken", AuditRules.ReserveMap },
        { "addition under way", AuditRules.ReserveMap },
        { "consumed page not marked", AuditRules.ReserveMap },
        { "used too high", AuditRules.Subpool },
        { "minimum not covered", AuditRules.Subpool },
        { "released in use", AuditRules.Subpool },
        { "usage", AuditRules.Cgroup },
        { "rsvd", AuditRules.Cgroup },
    };

    [Fact]
    public void Check_SoundMachine_FindsNothing() => MachineInvariants.Check(Sound()).ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Damages))]
    public void Check_DamagedMachine_NamesTheRuleAndTheGrains(string damage, string rule)
    {
        var found = MachineInvariants.Check(Damage(damage)).Where(violation => violation.Rule == rule).ToList();

        found.ShouldNotBeEmpty();
        found.TrueForAll(violation => violation.Grains.Length > 0 && violation.Message.Length > 0).ShouldBeTrue();
    }

    private static MachineSnapshot Sound()
    {
        var root = new CgroupAudit(-1, false, 2, 3);
        return new MachineSnapshot
        {
            Machine = "m",
            Inventory = new MachineInventory("7.3", 1, [Process], [Mount], []),
            Hstate = new HstateAudit(
                new HstateCounters(5, 3, 2, 0, 0, [new NodeCount(5, 3, 0)], []), [[10, 11, 12]], [root, new CgroupAudit(0, false, 2, 3)]),
            Frames = [[new FrameAudit(1, 2, 1, false, false, Mount, 1, -1), new FrameAudit(2, 1, 1, true, false, null, 1, -1)]],
            Processes = One(Process, new ProcessAudit([Inode], [new RangeAudit(SharedVma, 100, 102), new RangeAudit(PrivateVma, 200, 201)])),
            Vmas = new Dictionary<string, VmaAudit>
            {
                [SharedVma] = new(Inode, true, Mount, -1, [new AreaAudit(100, 102, 0, true, false, false)], [new PteImage(100, 1, true, false)], null),
                [PrivateVma] = new(
                    PrivateVma + "/anon_hugepage", false, null, 1, [new AreaAudit(200, 201, 0, false, true, true)], [new PteImage(200, 2, true, true)],
                    new ReserveMapAudit(null, 0, [new RegionAudit(0, 1, null)])),
            },
            Inodes = One(Inode, new InodeAudit(
                Mount, 1, [SharedVma], [new CachedPageAudit(0, 1)], new ReserveMapAudit(null, 0, [new RegionAudit(0, 2, 1)]))),
            Subpools = One(Mount, new SubpoolAudit(4, 3, 2, 1, false)),
        };
    }

    private static MachineSnapshot Damage(string damage)
    {
        var sound = Sound();
        var (hstate, frames) = (sound.Hstate!, sound.Frames[0]!);
        var (vma, inode, subpool) = (sound.Vmas[SharedVma], sound.Inodes[Inode], sound.Subpools[Mount]);
        var owner = sound.Vmas[PrivateVma];
        return damage switch
        {
            "hstate lost" => sound with { Hstate = null, Lost = ["hstate m/2048kB"] },
            "frames lost" => sound with { Frames = [null], Lost = ["frames m/node0/2048kB"] },
            "machine broken" => sound with { Inventory = sound.Inventory with { Loss = new StateLoss("inode m/A/0/0", "gone with its silo") } },
            "nr" => sound with { Hstate = hstate with { Counters = hstate.Counters with { Nr = 6 } } },
            "surplus" => sound with { Hstate = hstate with { Counters = hstate.Counters with { Surplus = 1 } } },
            "free twice" => sound with { Hstate = hstate with { FreeFrames = [[10, 11, 10]] } },
            "free and in use" => sound with { Hstate = hstate with { FreeFrames = [[10, 11, 2]] } },
            "resv over free" => sound with { Hstate = hstate with { Counters = hstate.Counters with { Resv = 4 } } },
            "resv too low" => sound with { Hstate = hstate with { Counters = hstate.Counters with { Resv = 1 } } },
            "reference too many" => sound with { Frames = [[frames[0] with { RefCount = 3 }, frames[1]]] },
            "frame that nobody names" => sound with { Frames = [[.. frames, new FrameAudit(3, 0, 0, true, false, null, -1, -1)]] },
            "frame named and not in use" => sound with { Frames = [[frames[0]]] },
            "page outside of areas" => Of(sound, vma with { Ptes = [new PteImage(103, 1, true, false)] }),
            "page that the cache does not have" => Of(sound, vma with { Ptes = [new PteImage(101, 1, true, false)] }),
            "mapping that does not exist" => sound with { Vmas = One(PrivateVma, owner) },
            "open file that nobody has" => sound with { Inodes = One(Inode, inode with { Opens = 2 }) },
            "mapping missing in i_mmap" => sound with { Inodes = One(Inode, inode with { Mappings = [] }) },
            "reserve map broken" => sound with { Inodes = One(Inode, inode with { ReserveMap = inode.ReserveMap with { Fault = "regions overlap" } }) },
            "addition under way" => sound with { Inodes = One(Inode, inode with { ReserveMap = inode.ReserveMap with { AddsInProgress = 1 } }) },
            "consumed page not marked" => Of(sound, vma, owner with { ReserveMap = new ReserveMapAudit(null, 0, []) }),
            "used too high" => sound with { Subpools = One(Mount, subpool with { Used = 3 }) },
            "minimum not covered" => sound with { Subpools = One(Mount, subpool with { Rsv = 0 }) },
            "released in use" => sound with { Subpools = One(Mount, subpool with { Released = true }) },
            "usage" => sound with { Hstate = hstate with { Cgroups = [hstate.Cgroups[0], hstate.Cgroups[1] with { Usage = 1 }] } },
            "rsvd" => sound with { Hstate = hstate with { Cgroups = [hstate.Cgroups[0] with { Rsvd = 4 }, hstate.Cgroups[1]] } },
            _ => throw new ArgumentOutOfRangeException(nameof(damage), damage, "unknown"),
        };
    }

    private static MachineSnapshot Of(MachineSnapshot sound, VmaAudit vma, VmaAudit? owner = null) =>
        sound with { Vmas = new Dictionary<string, VmaAudit> { [SharedVma] = vma, [PrivateVma] = owner ?? sound.Vmas[PrivateVma] } };

    private static Dictionary<string, T> One<T>(string key, T value) => new() { [key] = value };
}

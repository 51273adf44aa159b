using Hugesim.Model;

namespace Hugesim.Abstractions;

/// <summary>What a machine grain knows of the grains of its machine: where a walk begins.</summary>
/// <param name="Profile">Kernel profile.</param>
/// <param name="Nodes">NUMA nodes.</param>
/// <param name="Processes">Keys of the processes that have not exited.</param>
/// <param name="Mounts">Keys of the mounts, detached ones included.</param>
/// <param name="Segments">Shared memory segments.</param>
/// <param name="Loss">The first part of the machine that was found lost, or null.</param>
[GenerateSerializer, Immutable, Alias("MachineInventory")]
public sealed record MachineInventory(
    string Profile, int Nodes, string[] Processes, string[] Mounts, SegmentAudit[] Segments, StateLoss? Loss = null);

/// <summary>A shared memory segment: its inode, and whether the segment itself still holds it (not removed).</summary>
[GenerateSerializer, Immutable, Alias("SegmentAudit")]
public sealed record SegmentAudit(string Inode, bool Holds);

/// <summary>A process: its open files and where its mappings lie.</summary>
/// <param name="Files">Inode of each open file.</param>
/// <param name="Ranges">Its mappings.</param>
/// <param name="Parent">The number of the process that forked it, or 0.</param>
[GenerateSerializer, Immutable, Alias("ProcessAudit")]
public sealed record ProcessAudit(string[] Files, RangeAudit[] Ranges, long Parent = 0);

/// <summary>A range of addresses, in huge pages, and the VMA grain that serves it.</summary>
[GenerateSerializer, Immutable, Alias("RangeAudit")]
public sealed record RangeAudit(string Vma, long Start, long End);

/// <summary>A mount.</summary>
/// <param name="Inodes">Its inodes that may still exist.</param>
/// <param name="HasSubpool">It has a subpool, whose key is the mount's.</param>
/// <param name="Names">The files in its folder.</param>
[GenerateSerializer, Immutable, Alias("MountAudit")]
public sealed record MountAudit(string[] Inodes, bool HasSubpool, NamedInode[] Names);

/// <summary>A file of a mount and its inode.</summary>
[GenerateSerializer, Immutable, Alias("NamedInode")]
public readonly record struct NamedInode(string Name, string Inode);

/// <summary>A reserve map.</summary>
/// <param name="Fault">The rule of the map that is broken, or null.</param>
/// <param name="AddsInProgress">Additions under way; 0 while nothing runs.</param>
/// <param name="Regions">The entries.</param>
[GenerateSerializer, Immutable, Alias("ReserveMapAudit")]
public sealed record ReserveMapAudit(string? Fault, long AddsInProgress, RegionAudit[] Regions);

/// <summary>An entry of a reserve map.</summary>
[GenerateSerializer, Immutable, Alias("RegionAudit")]
public readonly record struct RegionAudit(long From, long To, int? Cgroup);

/// <summary>An area of a mapping.</summary>
/// <param name="Start">First huge page.</param>
/// <param name="End">Huge page after the last one.</param>
/// <param name="PgOff">Index into file and reserve map at the start.</param>
/// <param name="Shared">MAP_SHARED.</param>
/// <param name="HasReserveMap">The mapping's reserve map counts for it.</param>
/// <param name="Owner">It owns the reservations.</param>
/// <param name="Unmapped">HPAGE_RESV_UNMAPPED: the owner took pages from it.</param>
/// <param name="NoReserve">MAP_NORESERVE.</param>
/// <param name="Write">PROT_WRITE.</param>
[GenerateSerializer, Immutable, Alias("AreaAudit")]
public sealed record AreaAudit(
    long Start, long End, long PgOff, bool Shared, bool HasReserveMap, bool Owner, bool Unmapped = false, bool NoReserve = false, bool Write = false);

/// <summary>A mapping.</summary>
/// <param name="Inode">Key of its inode.</param>
/// <param name="IsInInode">It stands in the inode's i_mmap.</param>
/// <param name="Subpool">Key of the subpool, or null.</param>
/// <param name="RsvdCgroup">Cgroup that its reservations are charged to, or -1.</param>
/// <param name="Areas">Its areas.</param>
/// <param name="Ptes">Its page table.</param>
/// <param name="ReserveMap">Its reserve map, or null.</param>
[GenerateSerializer, Immutable, Alias("VmaAudit")]
public sealed record VmaAudit(
    string Inode, bool IsInInode, string? Subpool, int RsvdCgroup, AreaAudit[] Areas, PteImage[] Ptes, ReserveMapAudit? ReserveMap);

/// <summary>An inode.</summary>
/// <param name="Subpool">Key of the subpool, or null.</param>
/// <param name="Opens">Open files and segments that hold it.</param>
/// <param name="Mappings">VMA grains in i_mmap.</param>
/// <param name="Cache">Its pages.</param>
/// <param name="ReserveMap">The reserve map of its shared mappings.</param>
[GenerateSerializer, Immutable, Alias("InodeAudit")]
public sealed record InodeAudit(string? Subpool, int Opens, string[] Mappings, CachedPageAudit[] Cache, ReserveMapAudit ReserveMap);

/// <summary>A page of the page cache.</summary>
[GenerateSerializer, Immutable, Alias("CachedPageAudit")]
public readonly record struct CachedPageAudit(long Index, long Pfn);

/// <summary>A subpool, in huge pages; -1 stands for no limit.</summary>
[GenerateSerializer, Immutable, Alias("SubpoolAudit")]
public sealed record SubpoolAudit(long Max, long Min, long Used, long Rsv, bool Released);

/// <summary>An hstate.</summary>
/// <param name="Counters">Its counters.</param>
/// <param name="FreeFrames">The free list of each node.</param>
/// <param name="Cgroups">Every group ever made, by number.</param>
[GenerateSerializer, Immutable, Alias("HstateAudit")]
public sealed record HstateAudit(HstateCounters Counters, long[][] FreeFrames, CgroupAudit[] Cgroups);

/// <summary>The charges of a hugetlb cgroup; <paramref name="Parent"/> is -1 for the root.</summary>
[GenerateSerializer, Immutable, Alias("CgroupAudit")]
public sealed record CgroupAudit(int Parent, bool Removed, long Usage, long Rsvd);

/// <summary>A frame in use.</summary>
/// <param name="Pfn">The frame.</param>
/// <param name="RefCount">References.</param>
/// <param name="MapCount">Page table entries among them.</param>
/// <param name="Anon">Anonymous, not of the page cache.</param>
/// <param name="RestoreReserve">Its restore-reserve flag.</param>
/// <param name="Subpool">Key of the subpool that it was allocated through, or null.</param>
/// <param name="Cgroup">Cgroup charged for it, or -1.</param>
/// <param name="RsvdCgroup">Cgroup charged for a reservation of its own, or -1.</param>
[GenerateSerializer, Immutable, Alias("FrameAudit")]
public sealed record FrameAudit(
    long Pfn, int RefCount, int MapCount, bool Anon, bool RestoreReserve, string? Subpool, int Cgroup, int RsvdCgroup);

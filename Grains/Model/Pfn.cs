namespace Hugesim.Model;

/// <summary>
/// A huge page frame number: the NUMA node in the upper bits, the frame's number on that node below. A frame that was returned to the
/// buddy allocator keeps its number, so that the same memory is recognised when it comes back.
/// </summary>
public static class Pfn
{
    /// <summary>"No frame".</summary>
    public const long None = -1;

    private const int NodeShift = 40;

    /// <summary>The frame number of frame <paramref name="number"/> on NUMA node <paramref name="node"/>.</summary>
    public static long Make(int node, long number) => ((long)node << NodeShift) | number;

    /// <summary>The NUMA node of a frame.</summary>
    public static int Node(long pfn) => (int)(pfn >> NodeShift);
}

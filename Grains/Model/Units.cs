namespace Hugesim.Model;

/// <summary>Sizes of the simulated hstate.</summary>
public static class Units
{
    /// <summary>Bytes of a huge page: 2 MiB, as in all recordings.</summary>
    public const long PageBytes = 2L << 20;

    /// <summary>Bytes of a base page; system calls round to it.</summary>
    public const long BasePageBytes = 4096;
}

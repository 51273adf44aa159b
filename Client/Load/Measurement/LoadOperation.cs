namespace Hugesim.Load;

/// <summary>What is measured apart.</summary>
internal enum LoadOperation
{
    /// <summary>A new process.</summary>
    Spawn,

    /// <summary>fork.</summary>
    Fork,

    /// <summary>exit.</summary>
    Exit,

    /// <summary>mmap.</summary>
    Mmap,

    /// <summary>munmap.</summary>
    Munmap,

    /// <summary>Loads and stores: each page that is not mapped yet is a fault.</summary>
    Fault,

    /// <summary>madvise.</summary>
    Madvise,

    /// <summary>open, close, ftruncate, fallocate, unlink.</summary>
    File,

    /// <summary>shmget, shmat, shmdt, shmctl.</summary>
    Shm,

    /// <summary>set_mempolicy and the choice of a CPU.</summary>
    Policy,
}

/// <summary>Names of operations and statistics, as thresholds and JSON have them.</summary>
internal static class LoadNames
{
    /// <summary>All operations.</summary>
    public static readonly LoadOperation[] Operations = Enum.GetValues<LoadOperation>();

    private static readonly string[] Names = [.. Operations.Select(operation => operation.ToString().ToLowerInvariant())];

    /// <summary>The name of all operations together.</summary>
    public const string All = "all";

    /// <summary>The name of all operations together, timed from when they began and not from when they were due.</summary>
    public const string Service = "service";

    /// <summary>The name of an operation.</summary>
    public static string Of(LoadOperation operation) => Names[(int)operation];
}

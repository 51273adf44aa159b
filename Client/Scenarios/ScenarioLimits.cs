namespace Hugesim.Scenarios;

/// <summary>
/// How much a scenario may ask for. The recorder itself stops at 48 processes and 64 mappings a process; the simulator
/// goes further, but a typing error shall not make it fill the memory.
/// </summary>
public static class ScenarioLimits
{
    /// <summary>Characters in a line.</summary>
    public const int LineLength = 4000;

    /// <summary>Characters in a line of a recording: an answer of <see cref="LineLength"/> characters, and the counters.</summary>
    public const int RecordingLineLength = 64 * 1024;

    /// <summary>Bytes in a process, mapping, file or segment name.</summary>
    public const int NameLength = 23;

    /// <summary>Bytes in a mount or cgroup name.</summary>
    public const int PathLength = 63;

    /// <summary>Processes in a scenario, dead ones included.</summary>
    public const int Processes = 4096;

    /// <summary>Mapping names that one process makes.</summary>
    public const int MappingsPerProcess = 4096;

    /// <summary>File names that one process makes.</summary>
    public const int FilesPerProcess = 4096;

    /// <summary>Mount names in a scenario.</summary>
    public const int Mounts = 256;

    /// <summary>Shared memory segments in a scenario.</summary>
    public const int Segments = 1024;

    /// <summary>Cgroups in a scenario.</summary>
    public const int Cgroups = 256;

    /// <summary>Huge pages in the pool: 32 TiB.</summary>
    public const long PoolPages = 16L << 20;

    /// <summary>Huge pages in a length, an offset or a page index, in either direction: 8 EiB in bytes.</summary>
    public const long Pages = (1L << 42) - 1;

    /// <summary>Milliseconds in a <c>sleep</c>: one hour.</summary>
    public const long SleepMilliseconds = 3_600_000;

    /// <summary>NUMA nodes of a machine.</summary>
    public const int Nodes = 16;

    /// <summary>The highest node that a memory policy can name.</summary>
    public const int PolicyNode = 63;

    /// <summary>The highest CPU that a process can be bound to.</summary>
    public const int Cpu = 1023;
}

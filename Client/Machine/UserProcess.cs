using Hugesim.Abstractions;
using Hugesim.Grains;

namespace Hugesim.Machine;

/// <summary>An address range that a scenario gave a name.</summary>
/// <param name="Address">First byte.</param>
/// <param name="Length">Bytes, as asked for.</param>
internal readonly record struct NamedRange(long Address, long Length);

/// <summary>
/// The user-space side of an emulated process: what the recorder's processes keep in their own memory, which fork copies and exec loses.
/// </summary>
internal sealed class UserProcess(string name, long pid, ProcessCalls grain)
{
    /// <summary>Where the first mapping is placed; each mapping gets a gigabyte of its own, so that nothing merges by accident.</summary>
    private const long FirstHint = 0x2000_0000_0000;

    private const long HintStep = 1L << 30;

    public string Name { get; } = name;

    public long Pid { get; } = pid;

    public ProcessCalls Grain { get; } = grain;

    /// <summary>The process that forked it, or null.</summary>
    public string? Parent { get; init; }

    public Dictionary<string, NamedRange> Maps { get; } = [];

    public Dictionary<string, int> Files { get; } = [];

    /// <summary>How it died, or null.</summary>
    public string? Death { get; set; }

    public bool Catching { get; set; }

    public bool HasUffd { get; set; }

    /// <summary>Its control group.</summary>
    public string Cgroup { get; set; } = "";

    private long Hint { get; set; } = FirstHint;

    /// <summary>The address that the next mapping asks for.</summary>
    public long NextHint(long length)
    {
        var hint = Hint;
        Hint += (length + HintStep - 1) / HintStep * HintStep + HintStep;
        return hint;
    }

    /// <summary>A forked child's memory.</summary>
    public UserProcess Fork(string childName, long childPid, ProcessCalls childGrain)
    {
        var child = new UserProcess(childName, childPid, childGrain)
        {
            Parent = Name,
            Catching = Catching,
            HasUffd = HasUffd,
            Cgroup = Cgroup,
            Hint = Hint,
        };
        foreach (var (key, range) in Maps)
        {
            child.Maps.Add(key, range);
        }

        foreach (var (key, fd) in Files)
        {
            child.Files.Add(key, fd);
        }

        return child;
    }

    /// <summary>A new program: names, handlers and hints are gone.</summary>
    public void Exec()
    {
        Maps.Clear();
        Files.Clear();
        (Catching, HasUffd, Hint) = (false, false, FirstHint);
    }
}

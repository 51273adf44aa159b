using System.Text;

namespace Hugesim.Scenarios;

/// <summary>What a name stands for.</summary>
internal enum NameKind
{
    Process,
    Mapping,
    File,
    Mount,
    Segment,
    Cgroup,
}

/// <summary>The names that the lines read so far have tried to create.</summary>
internal sealed class ScenarioNames
{
    private readonly Dictionary<NameKind, Dictionary<string, int>> _lines = Enum.GetValues<NameKind>()
        .ToDictionary(kind => kind, _ => new Dictionary<string, int>(StringComparer.Ordinal));

    private readonly HashSet<(NameKind Kind, string Process, string Name)> _owned = [];
    private readonly Dictionary<(NameKind Kind, string Process), int> _counts = [];

    /// <summary>All names of a kind.</summary>
    public IEnumerable<string> All(NameKind kind) => _lines[kind].Keys;

    /// <summary>Whether an earlier line tried to create the name.</summary>
    public bool Knows(NameKind kind, string name) => _lines[kind].ContainsKey(name);

    /// <summary>The line that first tried to create the name, or 0.</summary>
    public int LineOf(NameKind kind, string name) => _lines[kind].GetValueOrDefault(name);

    /// <summary>Notes that a line tries to create a name.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Create(NameKind kind, string owner, string name, int line)
    {
        var process = kind is NameKind.Mapping or NameKind.File ? owner : "";
        if (_owned.Contains((kind, process, name)))
        {
            return null;
        }

        var count = _counts.GetValueOrDefault((kind, process));
        var maximum = Maximum(kind);
        if (count == maximum)
        {
            var whose = process.Length > 0 ? $" of process {process}" : "";
            return $"too many {Word(kind)} names{whose}: at most {maximum}";
        }

        _counts[(kind, process)] = count + 1;
        _owned.Add((kind, process, name));
        _lines[kind].TryAdd(name, line);
        return null;
    }

    /// <summary>What is wrong with the spelling of a name, or null.</summary>
    public static string? CheckSpelling(NameKind kind, string name)
    {
        var isPath = kind is NameKind.Mount or NameKind.Cgroup;
        var maximum = isPath ? ScenarioLimits.PathLength : ScenarioLimits.NameLength;
        if (Encoding.UTF8.GetByteCount(name) > maximum)
        {
            return $"the {Word(kind)} name is longer than {maximum} bytes";
        }

        var forbidden = kind switch
        {
            NameKind.Mapping => "+",
            NameKind.Mount => "/",
            _ => "",
        };
        var wrong = name.FirstOrDefault(forbidden.Contains);
        if (wrong != default)
        {
            return $"a {Word(kind)} name must not contain '{wrong}'";
        }

        return isPath && name.Split('/').Any(part => part is "" or "." or "..") ? $"'{name}' cannot name a {Word(kind)}" : null;
    }

    /// <summary>The word for a kind in messages.</summary>
    public static string Word(NameKind kind) => kind switch
    {
        NameKind.Process => "process",
        NameKind.Mapping => "mapping",
        NameKind.File => "file",
        NameKind.Mount => "mount",
        NameKind.Segment => "shared memory segment",
        _ => "cgroup",
    };

    /// <summary>The command that creates a name.</summary>
    public static string HowToCreate(NameKind kind, string process, string name) => kind switch
    {
        NameKind.Process => $"proc {name}",
        NameKind.Mapping => $"{process} mmap {name} LEN private|shared",
        NameKind.File => $"{process} open {name} MOUNT/file",
        NameKind.Mount => $"mount {name}",
        NameKind.Segment => $"{process} shmget {name} LEN",
        _ => $"cgnew {name}",
    };

    private static int Maximum(NameKind kind) => kind switch
    {
        NameKind.Process => ScenarioLimits.Processes,
        NameKind.Mapping => ScenarioLimits.MappingsPerProcess,
        NameKind.File => ScenarioLimits.FilesPerProcess,
        NameKind.Mount => ScenarioLimits.Mounts,
        NameKind.Segment => ScenarioLimits.Segments,
        _ => ScenarioLimits.Cgroups,
    };
}

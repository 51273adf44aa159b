namespace Hugesim.Fuzzing;

/// <summary>A mapping that a generated scenario has probably made.</summary>
internal sealed record GeneratedMapping(string Name, int Length)
{
    /// <summary>Whether an access could wait for a page that nobody serves.</summary>
    public bool Watched { get; init; }

    /// <summary>
    /// Whether it can have pages in the page cache: mincore then depends on whether the process has a page table there, which is not simulated.
    /// </summary>
    public bool MayBeCached { get; init; }
}

/// <summary>A process of a generated scenario, as far as the generator keeps track of it.</summary>
internal sealed class GeneratedProcess(string name)
{
    public string Name { get; } = name;

    public List<GeneratedMapping> Mappings { get; init; } = [];

    public List<string> Files { get; init; } = [];

    public bool Catches { get; set; }

    /// <summary>Whether it opened its own userfaultfd: one that it inherited would speak of its parent's memory.</summary>
    public bool HasWatch { get; set; }

    /// <summary>Whether a parent's userfaultfd was inherited.</summary>
    public bool InheritedWatch { get; init; }

    public GeneratedProcess Fork(string child) => new(child)
    {
        Mappings = [.. Mappings],
        Files = [.. Files],
        Catches = Catches,
        InheritedWatch = HasWatch || InheritedWatch,
    };
}

/// <summary>
/// What a generated scenario has made so far. It need not be exact: a command on something that is gone is a good test as well.
/// </summary>
internal sealed class GeneratedWorld
{
    private readonly Dictionary<string, int> _numbers = [];

    public List<GeneratedProcess> Processes { get; } = [];

    public List<string> Mounts { get; } = [];

    public List<string> Segments { get; } = [];

    public List<string> Cgroups { get; } = [];

    /// <summary>Pages in the pool that the scenario asked for last.</summary>
    public int Pool { get; set; }

    /// <summary>Names made so far that begin with this letter.</summary>
    public int Count(string letter) => _numbers.GetValueOrDefault(letter);

    /// <summary>A name that is new in the scenario.</summary>
    public string NewName(string letter)
    {
        var number = _numbers.GetValueOrDefault(letter);
        _numbers[letter] = number + 1;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{letter}{number}");
    }
}

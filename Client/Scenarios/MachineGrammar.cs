namespace Hugesim.Scenarios;

/// <summary>The commands of the machine.</summary>
internal static class MachineGrammar
{
    private const string MountOptionsUsage = "NAME [size=N] [min_size=N] [nr_inodes=N] [mode=M] [uid=U] [gid=G] [pagesize=2M]";

    /// <summary>All commands by name.</summary>
    public static IReadOnlyDictionary<string, CommandSpec> Commands { get; } = new CommandSpec[]
    {
        new("pool", "N", a => new PoolCommand(a.Source, PoolPages(a))),
        new("overcommit", "N", a => new OvercommitCommand(a.Source, PoolPages(a))),
        new("nodepool", "NODE N", a => new NodePoolCommand(a.Source, Node(a), PoolPages(a))),
        new("counters", "", a => new CountersCommand(a.Source)),
        new("sleep", "MS", a => new SleepCommand(a.Source, a.Whole("time in milliseconds", 0, ScenarioLimits.SleepMilliseconds))),
        new("mount", MountOptionsUsage, a => new MountCommand(a.Source, a.Create(NameKind.Mount), ReadMountOptions(a))),
        new("remount", MountOptionsUsage, a => new RemountCommand(a.Source, a.Use(NameKind.Mount), ReadMountOptions(a))),
        new("umount", "NAME [lazy]", a => new UmountCommand(a.Source, a.Use(NameKind.Mount), Lazy(a))),
        new("proc", "P", a => new ProcCommand(a.Source, a.Create(NameKind.Process))),
        new("cgnew", "L", a => new CgroupNewCommand(a.Source, a.Create(NameKind.Cgroup))),
        new("cgset", "L FILE V", ReadCgroupSet),
        new("cgget", "L FILE", a => new CgroupGetCommand(a.Source, a.UseCgroup(), CgroupFile(a).Text)),
        new("cgrm", "L", a => new CgroupRemoveCommand(a.Source, a.UseCgroup())),
    }.ToDictionary(spec => spec.Name, StringComparer.Ordinal);

    /// <summary>Takes a number of pool pages.</summary>
    public static long PoolPages(ArgumentReader a) => a.Whole("number of pages", 0, ScenarioLimits.PoolPages);

    /// <summary>Takes a node's number.</summary>
    public static int Node(ArgumentReader a) => (int)a.Whole("node", a.IsRecording ? int.MinValue : 0, ScenarioLimits.PolicyNode);

    private static bool Lazy(ArgumentReader a)
    {
        if (!a.TryNext(out var token))
        {
            return false;
        }

        if (token.Text != "lazy")
        {
            a.UnknownOption(token, "lazy");
        }

        return true;
    }

    private static Token CgroupFile(ArgumentReader a)
    {
        var token = a.Next();
        if (!a.IsRecording && (token.Text.Contains('/') || token.Text is "." or ".."))
        {
            a.Fail(token, $"'{token.Text}' is not a file of a cgroup", "write its name, for example hugetlb.2MB.max");
        }

        return token;
    }

    private static CgroupSetCommand ReadCgroupSet(ArgumentReader a)
    {
        var cgroup = a.UseCgroup();
        var file = CgroupFile(a).Text;
        var value = a.Next();
        var isLimit = file.StartsWith("hugetlb.", StringComparison.Ordinal) && value.Text != "max";
        long? pages = isLimit ? a.Whole(value, "limit in huge pages", a.IsRecording ? -ScenarioLimits.Pages : 0, ScenarioLimits.Pages) : null;
        return new CgroupSetCommand(a.Source, cgroup, file, new CgroupValue(value.Text, pages));
    }

    private static MountOptions ReadMountOptions(ArgumentReader a)
    {
        MountSize? size = null;
        MountSize? minSize = null;
        long? inodes = null;
        var others = new List<string>();
        while (a.TryNext(out var token))
        {
            var equals = token.Text.IndexOf('=');
            var key = equals < 0 ? token.Text : token.Text[..equals];
            switch (key)
            {
                case "size" when equals > 0:
                    size = ReadMountSize(a, token.From(equals + 1));
                    break;
                case "min_size" when equals > 0:
                    minSize = ReadMountSize(a, token.From(equals + 1));
                    break;
                case "nr_inodes" when equals > 0:
                    inodes = a.Whole(token.From(equals + 1), "number of inodes", 0, long.MaxValue);
                    break;
                case "pagesize" when equals > 0 && !a.IsRecording:
                    CheckPageSize(a, token.From(equals + 1));
                    others.Add(token.Text);
                    break;
                case "mode" or "uid" or "gid" or "pagesize" when equals > 0:
                    others.Add(token.Text);
                    break;
                default:
                    a.UnknownOption(token, "size=", "min_size=", "nr_inodes=", "mode=", "uid=", "gid=", "pagesize=");
                    others.Add(token.Text);
                    break;
            }
        }

        return new MountOptions(size, minSize, inodes, others);
    }

    private static void CheckPageSize(ArgumentReader a, Token token)
    {
        if (token.Text.ToUpperInvariant() is not ("2M" or "2048K" or "2097152"))
        {
            a.Fail(token, $"huge pages of '{token.Text}' are not simulated", "all pages have 2 MiB: leave pagesize= out or write 2M");
        }
    }

    private static MountSize? ReadMountSize(ArgumentReader a, Token token)
    {
        var text = token.Text;
        var suffix = text.Length > 0 ? char.ToUpperInvariant(text[^1]) : '\0';
        var shift = suffix switch
        {
            'K' => 10,
            'M' => 20,
            'G' => 30,
            'T' => 40,
            '%' => 0,
            _ => 21,
        };
        var digits = new Token(shift == 21 ? text : text[..^1], token.Column);
        if (digits.Text.Length == 0 || !digits.Text.All(char.IsAsciiDigit))
        {
            a.Fail(token, $"'{text}' is not a size", "write huge pages (4), bytes with a suffix (8M, 1G) or a part of the pool (50%)");
            return null;
        }

        if (suffix == '%')
        {
            return new MountSize(0, a.Whole(digits, "percentage", 0, 1_000_000));
        }

        var maximum = ScenarioLimits.Pages * ScenarioCommand.PageSize >> shift;
        return new MountSize(a.Whole(digits, "size", 0, maximum) << shift);
    }
}

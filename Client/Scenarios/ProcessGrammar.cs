namespace Hugesim.Scenarios;

/// <summary>The commands of processes that concern neither a mapping nor a file, and the table of all.</summary>
internal static class ProcessGrammar
{
    private const int LastSignal = 64;

    /// <summary>The words of memory policies.</summary>
    public static IReadOnlyDictionary<string, MemoryPolicyMode> PolicyModes { get; } = new Dictionary<string, MemoryPolicyMode>
    {
        ["default"] = MemoryPolicyMode.Default,
        ["pref"] = MemoryPolicyMode.Preferred,
        ["bind"] = MemoryPolicyMode.Bind,
        ["inter"] = MemoryPolicyMode.Interleave,
        ["local"] = MemoryPolicyMode.Local,
        ["prefmany"] = MemoryPolicyMode.PreferredMany,
    };

    /// <summary>All commands of processes by name.</summary>
    public static IReadOnlyDictionary<string, CommandSpec> Commands { get; } = new CommandSpec[]
    {
        new("fork", "C", a => new ForkCommand(a.Source, a.Process, a.Create(NameKind.Process))),
        new("exit", "[code]", a => new ExitCommand(a.Source, a.Process, a.HasMore ? ExitCode(a) : 0)),
        new("exec", "", a => new ExecCommand(a.Source, a.Process)),
        new("kill", "[signal]", a => new KillCommand(a.Source, a.Process, a.HasMore ? Signal(a) : 9)),
        new("catch", "[off]", a => new CatchCommand(a.Source, a.Process, Catch(a))),
        new("cg", "L", a => new CgroupJoinCommand(a.Source, a.Process, a.UseCgroup())),
        new("cpu", "N", a => new CpuCommand(a.Source, a.Process, (int)a.Whole("CPU", 0, ScenarioLimits.Cpu))),
        new("mempolicy", "MODE [NODES]", a => new MemoryPolicyCommand(
            a.Source, a.Process, a.Word("policy", PolicyModes, MemoryPolicyMode.Unknown), a.OptionalNodes())),
        new("pool", "N", a => new ProcessPoolCommand(a.Source, a.Process, MachineGrammar.PoolPages(a))),
        new("status", "", a => new StatusCommand(a.Source, a.Process)),
        new("shmget", "S LEN [noreserve]", a => new ShmGetCommand(
            a.Source, a.Process, a.Create(NameKind.Segment), a.Bytes("length"), Flag(a, "noreserve"))),
        new("shmat", "M S [ro]", a => new ShmAttachCommand(
            a.Source, a.Process, a.Create(NameKind.Mapping), a.Use(NameKind.Segment), Flag(a, "ro"))),
        new("shmrm", "S", a => new ShmRemoveCommand(a.Source, a.Process, a.Use(NameKind.Segment))),
    }.Concat(MappingGrammar.Commands).Concat(FileGrammar.Commands).ToDictionary(spec => spec.Name, StringComparer.Ordinal);

    /// <summary>Takes a single optional word.</summary>
    public static bool Flag(ArgumentReader a, string word)
    {
        if (!a.TryNext(out var token))
        {
            return false;
        }

        if (token.Text == word)
        {
            return true;
        }

        a.UnknownOption(token, word);
        return false;
    }

    private static int ExitCode(ArgumentReader a) =>
        (int)(a.Whole("exit code", a.IsRecording ? int.MinValue : 0, a.IsRecording ? int.MaxValue : 255) & 0xff);

    private static bool Catch(ArgumentReader a)
    {
        if (!a.TryNext(out var token))
        {
            return true;
        }

        if (token.Text is not ("off" or "on"))
        {
            a.UnknownOption(token, "on", "off");
        }

        return token.Text != "off";
    }

    private static int Signal(ArgumentReader a)
    {
        var token = a.Next();
        var signal = (int)a.Whole(token, "signal", a.IsRecording ? int.MinValue : 1, LastSignal);
        if (!a.IsRecording && signal is 17 or 18 or 19 or 20 or 21 or 22 or 23 or 28)
        {
            a.Fail(token, $"signal {signal} does not end a process", "take one that does: 9 is SIGKILL, 15 SIGTERM, 7 SIGBUS, 11 SIGSEGV");
        }

        return signal;
    }
}

using Hugesim.Abstractions;
using Hugesim.Grains;
using Hugesim.Model;
using Hugesim.Scenarios;

namespace Hugesim.Load;

/// <summary>How a step went.</summary>
/// <param name="Operation">What it was.</param>
/// <param name="Failure">Why it failed, such as <c>mmap ENOMEM</c>, or null.</param>
/// <param name="IsDead">The process has ended.</param>
/// <param name="Child">The child that it forked, or null.</param>
internal readonly record struct StepOutcome(LoadOperation Operation, string? Failure, bool IsDead = false, EmulatedProcess? Child = null);

/// <summary>The user space of an emulated process: it turns the steps of its script into calls of its grain.</summary>
internal sealed class EmulatedProcess
{
    /// <summary>The number of a process that only <c>fork</c> makes: nobody takes its place.</summary>
    public const long NoNumber = -1;

    // Each mapping of a process has a tebibyte of its own; a larger one gets the next free place.
    private const long FirstAddress = 0x2000_0000_0000;
    private const long AddressStep = 1L << 40;

    private readonly ProcessCalls _grain;
    private readonly EmulatedProcess? _forkedBy;

    private EmulatedProcess(LoadMachine machine, long number, long life, ProcessCalls grain, ProcessScript script, EmulatedProcess? forkedBy)
    {
        (Machine, Number, Life, _grain, Script, _forkedBy) = (machine, number, life, grain, script, forkedBy);
        Seat = machine.SeatOf(script.Kind, number);
    }

    public LoadMachine Machine { get; }

    /// <summary>Its place among those of its kind.</summary>
    public long Number { get; }

    /// <summary>How many processes have had its place before.</summary>
    public long Life { get; }

    public ProcessScript Script { get; }

    /// <summary>Its seat, where others are forked from it.</summary>
    public Seat? Seat { get; }

    /// <summary>A new process.</summary>
    public static async ValueTask<EmulatedProcess> SpawnAsync(Birth birth, SplitMix random)
    {
        var (_, grain) = await birth.Machine.NewProcess();
        await grain.Spawn(birth.Machine.Context, TaskContext.Default);
        return new EmulatedProcess(birth.Machine, birth.Number, birth.Life, grain, new ProcessScript(birth.Kind, random), null);
    }

    /// <summary>Forks a child of the population, or with <see cref="NoNumber"/> one of a script.</summary>
    public async ValueTask<EmulatedProcess> ForkAsync(ProcessKind kind, long number, long life, SplitMix random)
    {
        var (pid, grain) = await Machine.NewProcess();
        await _grain.Fork(pid, grain);
        return new EmulatedProcess(Machine, number, life, grain, new ProcessScript(kind, random, Script), number == NoNumber ? this : null);
    }

    /// <summary>It is gone: whoever waits for it may go on.</summary>
    public void Bury() => _forkedBy?.Script.CountChild(-1);

    /// <summary>Ends it.</summary>
    public ValueTask EndAsync() => _grain.Exit();

    /// <summary>Executes a step.</summary>
    public ValueTask<StepOutcome> ExecuteAsync(WorkloadCall call) => call.Step switch
    {
        TouchStep touch => TouchAsync(touch, call),
        MmapStep mmap => MmapAsync(mmap, call),
        MunmapStep munmap => MunmapAsync(munmap),
        AdviseStep advise => AdviseAsync(advise, call),
        ForkStep fork => ForkAsync(fork),
        ExitStep => ExitAsync(),
        ShmGetStep or ShmAttachStep or ShmDetachStep or ShmRemoveStep => ShmAsync(call),
        PolicyStep or CpuStep => PolicyAsync(call.Step),
        _ => FileAsync(call),
    };

    private async ValueTask<StepOutcome> TouchAsync(TouchStep step, WorkloadCall call)
    {
        var address = Script.Mapping(step.Mapping).Address + (call.First * Units.PageBytes);
        var answer = await _grain.Touch(address, call.Count, step.Write, (int)(Number & 0xFFFF));
        var failure = answer.Signal switch
        {
            0 => null,
            7 => "fault SIGBUS",
            11 => "fault SIGSEGV",
            var other => $"fault signal {other}",
        };
        return new StepOutcome(LoadOperation.Fault, failure, answer.Killed);
    }

    private async ValueTask<StepOutcome> MmapAsync(MmapStep step, WorkloadCall call)
    {
        var bytes = call.Count * Units.PageBytes;
        var answer = await _grain.Mmap(new MmapCall(
            Address(step.Mapping), bytes, Fixed: false, Read: true, !step.ReadOnly, step.Shared, step.NoReserve, Script.File(step.File),
            step.OffsetPages * Units.PageBytes, step.Populate));
        if (answer.Error == Errno.None)
        {
            Script.SetMapping(step.Mapping, answer.Address, call.Count);
        }

        return Outcome(LoadOperation.Mmap, answer.Error);
    }

    private async ValueTask<StepOutcome> MunmapAsync(MunmapStep step)
    {
        var mapping = Script.Mapping(step.Mapping);
        Script.SetMapping(step.Mapping, 0, 0);
        return Outcome(LoadOperation.Munmap, await _grain.Munmap(mapping.Address, mapping.Pages * Units.PageBytes));
    }

    private async ValueTask<StepOutcome> AdviseAsync(AdviseStep step, WorkloadCall call)
    {
        var address = Script.Mapping(step.Mapping).Address + (call.First * Units.PageBytes);
        return Outcome(LoadOperation.Madvise, await _grain.Madvise(address, call.Count * Units.PageBytes, (int)step.Advice));
    }

    private async ValueTask<StepOutcome> ForkAsync(ForkStep step)
    {
        var child = await ForkAsync(step.Kind, NoNumber, 0, Script.NewStream());
        Script.CountChild(1);
        return new StepOutcome(LoadOperation.Fork, null, Child: child);
    }

    private async ValueTask<StepOutcome> ExitAsync()
    {
        await _grain.Exit();
        return new StepOutcome(LoadOperation.Exit, null, IsDead: true);
    }

    private async ValueTask<StepOutcome> ShmAsync(WorkloadCall call)
    {
        switch (call.Step)
        {
            case ShmGetStep get:
                var segment = await Machine.ShmGet(await _grain.GetTask(), call.Count * Units.PageBytes);
                Script.SetSegment(get.Segment, segment.Error == Errno.None ? segment.Id : -1);
                return Outcome(LoadOperation.Shm, segment.Error);
            case ShmAttachStep attach:
                var attached = await _grain.Shmat(Script.Segment(attach.Segment), Address(attach.Mapping), readOnly: false);
                if (attached.Error == Errno.None)
                {
                    Script.SetMapping(attach.Mapping, attached.Address, attached.Length / Units.PageBytes);
                }

                return Outcome(LoadOperation.Shm, attached.Error);
            case ShmDetachStep detach:
                var mapping = Script.Mapping(detach.Mapping);
                Script.SetMapping(detach.Mapping, 0, 0);
                return Outcome(LoadOperation.Shm, await _grain.Shmdt(mapping.Address));
            default:
                var remove = (ShmRemoveStep)call.Step;
                var id = Script.Segment(remove.Segment);
                Script.SetSegment(remove.Segment, -1);
                return Outcome(LoadOperation.Shm, await Machine.ShmRemove(id));
        }
    }

    private async ValueTask<StepOutcome> FileAsync(WorkloadCall call)
    {
        switch (call.Step)
        {
            case OpenStep open:
                var opened = await _grain.Open(new OpenCall(open.Mount, FileName(open.Name), false, Create: true, false, false));
                Script.SetFile(open.File, opened.Error == Errno.None ? opened.Fd : -1);
                return Outcome(LoadOperation.File, opened.Error);
            case CloseStep close:
                var fd = Script.File(close.File);
                Script.SetFile(close.File, -1);
                return Outcome(LoadOperation.File, await _grain.Close(fd));
            case TruncateStep truncate:
                return Outcome(LoadOperation.File, await _grain.Truncate(Script.File(truncate.File), call.Count * Units.PageBytes));
            case FallocateStep allocate:
                var (offset, length) = (call.First * Units.PageBytes, call.Count * Units.PageBytes);
                return Outcome(LoadOperation.File, await _grain.Fallocate(Script.File(allocate.File), offset, length, allocate.Punch, allocate.Punch));
            default:
                var unlink = (UnlinkStep)call.Step;
                return Outcome(LoadOperation.File, await _grain.Unlink(unlink.Mount, FileName(unlink.Name)));
        }
    }

    private async ValueTask<StepOutcome> PolicyAsync(WorkloadStep step)
    {
        var task = await _grain.GetTask();
        task = step switch
        {
            CpuStep cpu => task with { LocalNode = cpu.Node < 0 ? (int)(Math.Max(0, Number) % Machine.Profile.Nodes) : cpu.Node },
            _ => task with { PolicyMode = (PolicyMode)((PolicyStep)step).Mode, PolicyNodes = (long)((PolicyStep)step).Nodes.Mask },
        };
        await _grain.SetTask(task);
        return new StepOutcome(LoadOperation.Policy, null);
    }

    private static long Address(int mapping) => FirstAddress + (mapping * AddressStep);

    private string FileName(string name) => WorkloadText.FileName(name, Number);

    private static StepOutcome Outcome(LoadOperation operation, Errno error) =>
        new(operation, error == Errno.None ? null : $"{LoadNames.Of(operation)} {error}");
}

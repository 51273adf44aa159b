using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Machine;
using Hugesim.Model;

namespace Hugesim.Explore;

/// <content>What is looked at when nothing runs.</content>
internal sealed partial class EmbeddedScheduleRunner
{
    // What comes now follows from the state alone. One that was sound once is sound again.
    private string EndOnce(GrainMachine machine)
    {
        _cluster.RunUntilIdle();
        var state = _history.Models() is { } models ? _ends.Read(machine.Remaining, models) : null;
        if (_ends.Find(state) is { } known)
        {
            KnownEnds++;
            _rare.UnionWith(known.RarePaths);
            return known.Counters;
        }

        Rare[] before = [.. _rare];
        _rare.Clear();
        try
        {
            var counters = End(machine, audits: true);
            if (state is { } unknown && _failure is null && _history.Models() is not null)
            {
                _ends.Add(unknown, new SoundEnd(counters, [.. _rare]));
            }

            return counters;
        }
        finally
        {
            _rare.UnionWith(before);
        }
    }

    private string End(GrainMachine machine, bool audits)
    {
        if (audits)
        {
            Audit(machine, LineOf(_program.Parts[^1]));
        }

        if (_failure is not null)
        {
            return "";
        }

        var counters = TearDown(machine);
        if (_failure is null && _history.Check() is { } failure)
        {
            Fail(failure);
        }

        return counters;
    }

    private static int LineOf(ProgramPart part) => part.Step?.Source.Line ?? part.Block!.Source.Line;

    private string TearDown(GrainMachine machine)
    {
        var end = Ended(machine.TearDownAsync(CancellationToken.None));
        _recorder?.OnEnd(end);
        var counters = end.Counters;
        var cgroup = counters.Cgroups.Sum(c => c.Usage) + counters.Cgroups.Sum(c => c.Reserved);
        if (end.Leak || end.RemainingPoolPages != 0 || cgroup != 0)
        {
            Fail(new ScheduleFailure(
                FailureKind.Leak, "leak",
                $"nothing is mapped or mounted any more, but nr={counters.Nr} free={counters.Free} resv={counters.Resv} surplus={counters.Surp}, "
                + $"{end.RemainingPoolPages} pages cannot be freed, and cgroups are charged for {cgroup}", 0));
        }

        return $"nr={counters.Nr} free={counters.Free} resv={counters.Resv} surp={counters.Surp}";
    }

    private void Audit(GrainMachine machine, int line)
    {
        if (_failure is null && Ended(Violations(machine)) is [var first, ..])
        {
            if (_order.HasCrashed && first.Rule == AuditRules.Lost)
            {
                throw new StateLostException(first.Grains[0], MachineName, first.ToString());
            }

            Fail(new ScheduleFailure(FailureKind.Audit, first.Rule, first.ToString(), line));
        }
    }

    // A grain at rest may be looked at. After a lost message it may be in the middle of something: then it is asked, and answers when that is over.
    private ValueTask<IReadOnlyList<AuditViolation>> Violations(GrainMachine machine)
    {
        if (_order.HasFaults)
        {
            return machine.AuditAsync(CancellationToken.None);
        }

        _cluster.RunUntilIdle();
        return MachineAudit.RunAsync(_instances, MachineName);
    }
}

using Hugesim.Audit;
using Hugesim.Machine;
using Hugesim.Scenarios;
using Hugesim.Tests.Scenarios;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Audit;

/// <summary>The audit finds what the kernels' own bugs do, names the grains, and is content with the repaired kernels.</summary>
public sealed class MachineAuditTests
{
    private static readonly string[] s_partialMove =
        ["pool 6", "proc p", "p mmap m 4 private", "p w m 0", "p mmap x 1 private", "p mremap m 2 1 1 n at=x+64"];

    private static readonly string[] s_failedFallocate =
        ["pool 1", "mount A size=3", "proc p", "p open f A/x", "p mmap m 1 private", "p falloc f 0 1"];

    private static readonly string[] s_freedSurplus =
        ["pool 2", "overcommit 2", "mount A min_size=2", "proc p", "p open f A/x", "p mmap m 3 shared fd=f", "p w m 0..2", "pool 1", "p trunc f 0"];

    private static readonly string[] s_ownerUnmaps =
        ["pool 3", "proc p", "p mmap m 1 private", "p w m 0", "p fork c", "p munmap m"];

    private static readonly string[] s_failedMmap =
        ["pool 4", "mount A size=6 min_size=2", "proc p", "p open f A/x", "p mmap m 1 shared fd=f", "p mmap n 5 private fd=f"];

    private static readonly string[] s_childCopies =
        ["pool 4", "mount A min_size=3", "proc p", "p open f A/x", "p mmap m 1 private fd=f", "p w m 0", "p fork c", "c w m 0"];

    public static TheoryData<string, string, string[]> Bugs => new()
    {
        { "6.18.15", AuditRules.ReservedSum, s_ownerUnmaps },
        { "6.18.15", AuditRules.Subpool, s_failedMmap },
        { "6.18.44", AuditRules.Subpool, s_failedMmap },
        { "7.3", AuditRules.Subpool, s_failedFallocate },
        { "7.3", AuditRules.Cgroup, s_partialMove },
        { "6.12", AuditRules.ReservedSum, s_failedMmap },
        { "6.12", AuditRules.ReservedSum, s_childCopies },
        { "7.3", AuditRules.ReservedFree, s_freedSurplus },
    };

    [Theory]
    [MemberData(nameof(Bugs))]
    public async Task Audit_BugOfAKernel_IsFoundAndRepaired(string profile, string rule, string[] scenario)
    {
        var found = await PlayAsync(profile, scenario);
        found.ShouldContain(violation => violation.Rule == rule, string.Join(Environment.NewLine, found));
        found.ShouldAllBe(violation => violation.Grains.Length > 0 && violation.Message.Length > 0);

        (await PlayAsync(profile + "+repair", scenario)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Audit_ProcessesMappingsAndFilesThatHaveGone_AreNotBroughtBack()
    {
        string[] scenario =
        [
            "pool 8", "mount A size=4 min_size=1", "proc p", "p open f A/x", "p mmap m 2 shared fd=f", "p w m 0", "p memfd g", "p mmap n 1 private fd=g",
            "p shmget S 1", "p shmat s S", "p shmrm S", "p fork c", "p unlink A/x", "umount A lazy", "p exit", "c munmap m", "c exit", "proc q",
        ];

        (await PlayAsync("7.3", scenario)).ShouldBeEmpty();
    }

    /// <summary>What was recorded on a real kernel, on the same kernel without its bugs.</summary>
    [Fact]
    public async Task Audit_HandwrittenRecordings_RepairedKernelIsSoundAfterEveryStep()
    {
        var ct = TestContext.Current.CancellationToken;
        var names = RecordingFiles.All.Where(name => name.StartsWith("7.3/", StringComparison.Ordinal)).ToArray();
        names.Length.ShouldBeGreaterThan(40);
        foreach (var name in names)
        {
            await using var machine = await TestMachines.Factory.CreateAsync(new MachineOptions("7.3+repair", 1, "parallel", 0, 1), ct);
            await foreach (var entry in RecordingReader.ReadAsync(RecordingFiles.ToStream(RecordingFiles.Read(name)), name, ct))
            {
                if (entry is RecordingStep step)
                {
                    await machine.ExecuteAsync(step.Command, ct);
                    (await ((IAuditedMachine)machine).AuditAsync(ct)).ShouldBeEmpty($"{name}:{step.Line}: {step.Command.Source.Text}");
                }
            }

            (await machine.TearDownAsync(ct)).Leak.ShouldBeFalse(name);
        }
    }

    [Fact]
    public async Task Audit_FreshMachineAndSeveralNodes_IsSound()
    {
        (await PlayAsync("7.3", ["pool 5"], nodes: 3)).ShouldBeEmpty();
        (await PlayAsync("7.3", ["pool 5", "proc p", "p mmap m 4 private", "p mbind m 0 4 inter 0-2", "p w m 0..3", "nodepool 1 4"], nodes: 3))
            .ShouldBeEmpty();
    }

    private static async Task<IReadOnlyList<AuditViolation>> PlayAsync(string profile, string[] scenario, int nodes = 1)
    {
        await using var run = await AuditedRun.StartAsync(new MachineOptions(profile, nodes, "parallel", 0, 1));
        foreach (var command in scenario)
        {
            await run.StepAsync(command);
        }

        return await run.AuditAsync();
    }
}

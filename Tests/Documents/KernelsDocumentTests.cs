using System.Reflection;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Tests.Audit;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Documents;

/// <summary>docs/kernels.md says what the profiles say, and the scenarios that it gives for the kernels' bugs show them, on those kernels and no other.</summary>
public sealed class KernelsDocumentTests
{
    // The bugs that recordings found; those of history are exhibits of the museum.
    private static readonly KernelBug[] s_bugs = [.. KernelBugs.All.Where(bug => bug <= KernelBug.B8)];

    private static readonly MarkdownFile s_document = MarkdownFile.Read("docs/kernels.md");

    /// <summary>Each bug on each kernel.</summary>
    public static TheoryData<KernelBug, string> BugsAndKernels => [
        .. s_bugs.SelectMany(bug => KernelProfiles.All.Concat(KernelProfiles.AllRepaired).Select(kernel => (bug, kernel.Name)))];

    [Fact]
    public void Differences_EveryRuleOfAProfile_StandInTheTableWithTheirValues()
    {
        var meanings = s_document.Block("differences").Skip(2).Select(line => line.Split('|')).ToDictionary(cells => cells[1].Trim(), cells => cells[2].Trim());
        var rules = typeof(KernelProfile).GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(rule => rule.Name is not (nameof(KernelProfile.Name) or nameof(KernelProfile.Order) or nameof(KernelProfile.Bugs)))
            .OrderBy(rule => rule.Name, StringComparer.Ordinal)
            .Select(rule => (Name: $"`{rule.Name}`", Values: KernelProfiles.All.Select(kernel => Value(rule.GetValue(kernel)!))))
            .Select(rule => $"| {rule.Name} | {meanings.GetValueOrDefault(rule.Name)} | {string.Join(" | ", rule.Values)} |");
        string[] expected = [Header("rule | what it is about"), $"| --- | --- |{string.Concat(KernelProfiles.All.Select(_ => " --- |"))}", .. rules];

        meanings.Values.ShouldAllBe(meaning => meaning.Length > 0);
        s_document.CheckBlock("differences", expected);
    }

    [Fact]
    public void Bugs_EveryBug_StandInTheTableWithTheirKernels()
    {
        var rows = s_bugs.Select(bug => $"| [{bug}](#{bug.ToString().ToLowerInvariant()}) | {string.Join(" | ", KernelProfiles.All.Select(kernel => Value(kernel.Has(bug))))} |");

        s_document.CheckBlock("bugs", [Header("bug"), $"| --- |{string.Concat(KernelProfiles.All.Select(_ => " --- |"))}", .. rows]);
    }

    [Theory]
    [MemberData(nameof(BugsAndKernels))]
    public async Task BugsScenario_OnEveryKernel_BreaksAnInvariantOnThoseThatHaveTheBug(KernelBug bug, string kernel)
    {
        var profile = KernelProfiles.Get(kernel);
        var (broken, recording) = await PlayAsync(bug, kernel);
        if (bug == KernelBug.B8)
        {
            // What it does is wrong between a process and its own pages, while all counters agree: the repaired kernel answers otherwise.
            broken = recording != (await PlayAsync(bug, profile.Repaired().Name)).Recording;
        }

        broken.ShouldBe(profile.Has(bug), recording);
    }

    private static async Task<(bool Broken, string Recording)> PlayAsync(KernelBug bug, string kernel)
    {
        await using var run = await AuditedRun.StartAsync(new MachineOptions(kernel, 1, "parallel", 0, 1));
        var broken = false;
        foreach (var command in s_document.CodeBelow(bug.ToString()))
        {
            await run.StepAsync(command);
            broken |= (await run.AuditAsync()).Count > 0;
        }

        return (broken, run.Describe());
    }

    private static string Header(string what) => $"| {what} | {string.Join(" | ", KernelProfiles.All.Select(kernel => kernel.Name))} |";

    private static string Value(object value) => value switch
    {
        true => "yes",
        false => "no",
        Errno.None => "ok",
        _ => value.ToString()!,
    };
}

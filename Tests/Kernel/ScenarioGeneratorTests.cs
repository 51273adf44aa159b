using Hugesim.Kernel;
using Hugesim.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Kernel;

/// <summary>Random scenarios are well-formed, varied, and the same for the same seed.</summary>
public sealed class ScenarioGeneratorTests
{
    private const int Scenarios = 1000;
    private const int Steps = 40;

    [Fact]
    public void Generate_AThousandSeeds_AreReadWithoutErrors()
    {
        for (var seed = 0; seed < Scenarios; seed++)
        {
            var parser = new ScenarioParser("generated");
            var number = 0;
            foreach (var line in ScenarioGenerator.Generate(seed, Steps))
            {
                parser.ParseLine(++number, line).ShouldBeOfType<ScenarioStep>($"seed {seed}, line {number}: {line}");
            }

            number.ShouldBeInRange(5, Steps);
        }
    }

    [Fact]
    public void Generate_ManySeeds_ReachEveryCommandButTheSlowOnes()
    {
        var words = Enumerable.Range(0, Scenarios).SelectMany(seed => ScenarioGenerator.Generate(seed, Steps))
            .SelectMany(line => line.Split(' ').Take(2)).ToHashSet();

        string[] commands =
        [
            "pool", "overcommit", "nodepool", "counters", "mount", "remount", "umount", "proc", "fork", "exit", "exec", "kill", "cgnew", "cgset",
            "cgget", "cgrm", "cg", "catch", "mmap", "munmap", "mprotect", "mremap", "r", "w", "kread", "kwrite", "madvise", "mlock", "munlock",
            "msync", "name", "open", "close", "unlink", "memfd", "trunc", "falloc", "punch", "fstat", "pread", "pwrite", "fadvise", "readahead",
            "shmget", "shmat", "shmdt", "shmrm", "pages", "vmas", "smaps", "status", "mincore", "mbind", "mempolicy", "cpu", "move", "uffd",
            "uffdcopy", "uffdzero",
        ];
        words.IsSupersetOf(commands).ShouldBeTrue(string.Join(", ", commands.Except(words)));
        words.ShouldNotContain("sleep");
    }

    [Fact]
    public void Generate_SameSeed_IsTheSameScenario() => ScenarioGenerator.Generate(17, Steps).ShouldBe(ScenarioGenerator.Generate(17, Steps));

    [Fact]
    public void Generate_OtherSeed_IsAnotherScenario() => ScenarioGenerator.Generate(17, Steps).ShouldNotBe(ScenarioGenerator.Generate(18, Steps));
}

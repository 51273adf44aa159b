using Hugesim.Fuzzing;
using Hugesim.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Fuzzing;

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

            number.ShouldBeInRange(5, Steps + 1);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Generate_ManySeeds_ReachEveryCommandOfTheLanguage(int nodes)
    {
        var reached = Commands(nodes).Select(command => command.GetType()).ToHashSet();

        // Malformed commands have a type of their own, which only recordings have.
        var all = typeof(ScenarioCommand).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ScenarioCommand)) && !type.IsAbstract).ToHashSet();
        all.Remove(typeof(RefusedCommand)).ShouldBeTrue();
        // Nothing can be made to fail in a real kernel that has no fault injection.
        all.Remove(typeof(InjectCommand)).ShouldBeTrue();
        all.Count.ShouldBeGreaterThan(55);
        all.Except(reached).ShouldBeEmpty();
    }

    [Fact]
    public void Generate_ManySeeds_ReachEveryOption()
    {
        var commands = Commands(nodes: 4).ToArray();

        var maps = commands.OfType<MmapCommand>().ToArray();
        maps.ShouldContain(map => map.Options.Populate);
        maps.ShouldContain(map => map.Options.Locked);
        maps.ShouldContain(map => map.Options.NoReserve && map.Options.File != null);
        maps.ShouldContain(map => map.Options.At != null && map.Options.Offset % ScenarioCommand.PageSize != 0);
        maps.Select(map => map.Options.Protection).Distinct().Count().ShouldBe(3);
        var moves = commands.OfType<MremapCommand>().ToArray();
        moves.ShouldContain(move => move.At != null && move.Length == move.NewLength);
        moves.ShouldContain(move => move.At != null && move.Length > move.NewLength);
        moves.ShouldContain(move => move.MayMove && move.At == null && move.NewLength > move.Length);
        moves.ShouldContain(move => move.DontUnmap);
        commands.OfType<UmountCommand>().ShouldContain(umount => umount.Lazy);
        commands.OfType<RemountCommand>().ShouldContain(remount => remount.Options.Size != null && remount.Options.MinSize != null);
        commands.OfType<MbindCommand>().ShouldContain(bind => bind.Move && bind.Strict);
        commands.OfType<MbindCommand>().Select(bind => bind.Mode).Distinct().Count().ShouldBe(6);
        commands.OfType<NodePoolCommand>().Select(pool => pool.Node).Distinct().Count().ShouldBe(5);
        commands.OfType<CgroupSetCommand>().ShouldContain(limit => limit.Cgroup.Length == 0);
        commands.OfType<ShmGetCommand>().ShouldContain(segment => segment.NoReserve);
        commands.OfType<FallocateCommand>().ShouldContain(fallocate => fallocate.KeepSize);
        commands.OfType<MadviseCommand>().Select(advise => advise.Advice).Distinct().Count().ShouldBeGreaterThan(10);
    }

    [Fact]
    public void Generate_SeveralNodes_BindsEachProcessToACpu()
    {
        var lines = ScenarioGenerator.Generate(17, Steps, nodes: 3);

        foreach (var line in lines.Where(line => line.StartsWith("proc ", StringComparison.Ordinal)))
        {
            var bound = $"{line[5..]} cpu ";
            lines.ShouldContain(other => other.StartsWith(bound, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Generate_SameSeed_IsTheSameScenario() => ScenarioGenerator.Generate(17, Steps).ShouldBe(ScenarioGenerator.Generate(17, Steps));

    [Fact]
    public void Generate_OtherSeed_IsAnotherScenario() => ScenarioGenerator.Generate(17, Steps).ShouldNotBe(ScenarioGenerator.Generate(18, Steps));

    private static IEnumerable<ScenarioCommand> Commands(int nodes)
    {
        for (var seed = 0; seed < Scenarios; seed++)
        {
            var parser = new ScenarioParser("generated");
            foreach (var line in ScenarioGenerator.Generate(seed, Steps, nodes))
            {
                yield return ((ScenarioStep)parser.ParseLine(1, line)!).Command;
            }
        }
    }
}

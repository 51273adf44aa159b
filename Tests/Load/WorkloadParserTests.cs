using Hugesim.Load;
using Hugesim.Scenarios;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Load;

public sealed class WorkloadParserTests
{
    private const string Whole = """
        # a comment
        about Two kinds of processes   # and another comment
        nodes 2
        pool 10+2*child node 1
        overcommit child
        mount A size=4*child min_size=2

        process parent 1
          start
            mmap heap 8 private ; w heap all
            open f A/x_*
            mmap m 1..4 shared fd=f off=1 noreserve ro populate
          repeat
            9 r heap any*2 ; w heap next
            fork child
            shmget s 2..3 ; shmat t s ; shmdt t ; shmrm s
        process child 3 from parent
          life 5..9
          start
            cpu any
            mempolicy bind 0-1
            madvise heap 0..3 dontneed
            trunc f 2
            falloc f 0 2
            punch f 0 1
            close f
            unlink A/x_*
            munmap heap
            exit
        """;

    [Fact]
    public async Task Read_AWholeProfile_HasEverything()
    {
        var (profile, errors) = await Read(Whole);
        errors.ShouldBeEmpty();
        profile.ShouldNotBeNull();
        profile.About.ShouldBe("Two kinds of processes");
        profile.Nodes.ShouldBe(2);
        var (parent, child) = (profile.Kinds[0], profile.Kinds[1]);
        long[] population = [1, 3];
        profile.Pools.Single().Node.ShouldBe(1);
        profile.Pools.Single().Pages.For(population).ShouldBe(16);
        profile.Overcommit.For(population).ShouldBe(3);
        profile.Mounts.Single().Size!.For(population).ShouldBe(12);
        profile.Mounts.Single().MinSize!.For(population).ShouldBe(2);
        child.From.ShouldBe(parent);
        child.Life.ShouldBe(new PageCount(5, 9));
        parent.Repeat.Select(line => line.Weight).ShouldBe([9, 1, 1]);
        parent.TotalWeight.ShouldBe(11);
        parent.Repeat[1].Steps.Single().ShouldBeOfType<ForkStep>().Kind.ShouldBe(child);
        parent.Start.Select(step => step.GetType().Name).ShouldBe(["MmapStep", "TouchStep", "OpenStep", "MmapStep"]);
        parent.Start[3].ShouldBeOfType<MmapStep>().ShouldSatisfyAllConditions(
            mmap => mmap.Length.ShouldBe(new PageCount(1, 4)),
            mmap => (mmap.Shared, mmap.NoReserve, mmap.ReadOnly, mmap.Populate, mmap.File, mmap.OffsetPages).ShouldBe((true, true, true, true, 0, 1)));
        child.Mappings[..2].ShouldBe(["heap", "m"]);
        child.Start.Count.ShouldBe(10);
    }

    [Fact]
    public async Task BuiltIn_All_AreReadAndFitOnAMachine()
    {
        BuiltInProfiles.Names.ShouldBe(["churn", "dpdk", "jvm", "mixed", "postgres", "redis", "shm"]);
        foreach (var name in BuiltInProfiles.Names)
        {
            var profile = await BuiltInProfiles.ReadAsync(name);
            profile.About.ShouldNotBeEmpty();
            Population.Share(profile, 100, out var counts).ShouldBeNull(name);
            counts.Sum().ShouldBe(100, name);
        }
    }

    [Theory]
    [InlineData("nods 2", "p:1:1: unknown word 'nods'", "did you mean 'nodes'?")]
    [InlineData("pool", "p:1:5: the number of pages is missing", "usage: pool")]
    [InlineData("pool 4 node 1", "p:1:13: the node 1 is out of range", "from 0 to 0")]
    [InlineData("pool 4+2*worker", "p:1:10: unknown kind of process 'worker'", "Known:")]
    [InlineData("pool ten*a", "p:1:6: 'ten' is not a number", "")]
    [InlineData("mount A sise=4", "p:1:9: unknown option 'sise=4'", "did you mean 'size='?")]
    [InlineData("life 4", "p:1:1: 'life' belongs to a process", "begin one first")]
    [InlineData("process a", "p:1:10: the share is missing", "usage: process")]
    [InlineData("process a 1 of b", "p:1:13: unexpected 'of'", "")]
    [InlineData("process a rest\nprocess b rest", "p:2:11: only one kind of process can have the rest", "")]
    [InlineData("process a 1 from b", "p:1:18: unknown kind of process", "Known:")]
    [InlineData("process a 1\nprocess a 1", "p:2:9: process 'a' exists already", "")]
    [InlineData("process a 1\n start\n  mmap x 0 private", "p:3:10: the length 0 is out of range", "from 1 to")]
    [InlineData("process a 1\n start\n  mmap x 4 privat", "p:3:12: unknown kind of mapping 'privat'", "did you mean 'private'?")]
    [InlineData("process a 1\n start\n  mmap x 4 private fd=f", "p:3:23: no file 'f'", "make it first")]
    [InlineData("process a 1\n start\n  mmap heap 4 private\n  w haep any", "p:4:5: no mapping 'haep'", "did you mean 'heap'?")]
    [InlineData("process a 1\n start\n  mmap x 4 private\n  w x some", "p:4:7: 'some' does not name pages", "any")]
    [InlineData("process a 1\n start\n  mmap x 4 private\n  w x 3..1", "p:4:7: the range 3..1 is empty", "lower number first")]
    [InlineData("process a 1\n repeat\n  0 exit", "p:3:3: the weight 0 is out of range", "")]
    [InlineData("process a 1\n repeat\n  exit ;", "p:3:8: a step is missing", "")]
    [InlineData("process a 1\n repeat\n  exot", "p:3:3: unknown step 'exot'", "did you mean 'exit'?")]
    [InlineData("process a 1\n repeat\n  fork b", "p:3:8: unknown kind of process 'b'", "")]
    [InlineData("process a 1\n repeat\n  fork b\nprocess b 0", "p:3:8: 'b' is not forked from 'a'", "process b 0 from a")]
    [InlineData("process a 1\n start\n  open f B/x", "p:3:10: unknown mount 'B'", "")]
    [InlineData("process a 1\n start\n  open f x", "p:3:10: 'x' is not a file on a mount", "")]
    [InlineData("process a 1\n start\n  mempolicy bond 0", "p:3:13: unknown mode 'bond'", "did you mean 'bind'?")]
    [InlineData("about nothing", "p: the profile has no processes", "add a kind of process")]
    public async Task Read_Mistakes_AreShownWithTheirPlaceAndAHint(string text, string message, string hint)
    {
        var (profile, errors) = await Read(text);
        profile.ShouldBeNull();
        errors[0].ToString().ShouldStartWith(message);
        (errors[0].Hint ?? "").ShouldContain(hint);
    }

    [Fact]
    public async Task Read_SeveralMistakes_AreAllShown()
    {
        var (_, errors) = await Read("process a 1\n start\n  exot\n  mmap x\n  w y 0\n");
        errors.Select(error => error.Line).ShouldBe([3, 4, 5]);
    }

    [Fact]
    public async Task Read_NoText_IsRefused()
    {
        var (profile, errors) = await Read("process a 1\n\0");
        profile.ShouldBeNull();
        errors.ShouldContain(error => error.Message.Contains("NUL"));
    }

    private static async Task<(WorkloadProfile? Profile, IReadOnlyList<ScenarioError> Errors)> Read(string text) =>
        await WorkloadParser.ReadAsync(RecordingFiles.ToStream(text), "p", TestContext.Current.CancellationToken);
}

using Hugesim.Explore;
using Hugesim.Model;
using Hugesim.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

public sealed class ReservePromisesTests
{
    private const string Sigbus = "SIGBUS(code=2) at page 0";

    [Fact]
    public void ReservedPage_ThatCannotBeHad_IsABrokenPromise() =>
        Failure("7.3", ("p mmap m 2 private", "ok"), ("p w m 0", Sigbus)).ShouldNotBeNull().Kind.ShouldBe(FailureKind.Promise);

    [Theory]
    [InlineData("p mmap m 2 private noreserve", "ok", "counters")]
    [InlineData("p mmap m 2 private", "ENOMEM", "counters")]
    [InlineData("p mmap m 2 private", "ok", "p fork c")]
    [InlineData("p mmap m 2 private", "ok", "p munmap m 0 1")]
    [InlineData("p mmap m 2 private", "ok", "p mbind m 0 2 bind 0")]
    [InlineData("p mmap m 2 shared", "ok", "p madvise m 0 2 remove")]
    public void Page_ThatNobodyPromised_MayBeRefused(string map, string answer, string then) =>
        Failure("7.3", (map, answer), (then, "ok"), ("p w m 0", Sigbus)).ShouldBeNull();

    [Fact]
    public void SharedMapping_StaysPromisedToTheChild() =>
        Failure("7.3", ("p mmap m 2 shared", "ok"), ("p fork c", "ok"), ("c w m 0", Sigbus)).ShouldNotBeNull();

    [Theory]
    [InlineData("7.3", true)]
    [InlineData("6.1", false)]
    public void AfterDontneed_AKernelThatRestoresReservations_StillPromises(string kernel, bool promises) =>
        (Failure(kernel, ("p mmap m 2 private", "ok"), ("p w m 0", "ok"), ("p madvise m 0 2 dontneed", "ok"), ("p w m 0", Sigbus)) is not null).ShouldBe(promises);

    [Theory]
    [InlineData("ok val=5,6", false)]
    [InlineData("ok val=5,0", true)]
    public void PrivateMemory_HoldsWhatWasWritten(string answer, bool fails) =>
        (Failure("7.3", ("p mmap m 2 private", "ok"), ("p w m 0 5", "ok"), ("p w m 1 6", "ok"), ("p r m 0..1", answer))?.Kind == FailureKind.Memory).ShouldBe(fails);

    [Fact]
    public void Child_HasTheMemoryOfItsParentAtTheFork() => Failure(
        "7.3", ("p mmap m 2 private", "ok"), ("p w m 0 5", "ok"), ("p fork c", "ok"), ("p w m 0 6", "ok"), ("c r m 0", "ok val=6")).ShouldNotBeNull().Kind.ShouldBe(FailureKind.Memory);

    private static ScheduleFailure? Failure(string kernel, params (string Line, string Answer)[] lines)
    {
        var (program, errors) = ScenarioProgram.Parse("test.txt", ["proc p", .. lines.Select(line => line.Line)]);
        errors.ShouldBeEmpty();
        var promises = new ReservePromises(program!, KernelProfiles.Get(kernel));
        ScheduleFailure? failure = null;
        foreach (var (command, answer) in program!.Commands.Zip([("", "ok"), .. lines], (command, line) => (command, line.Item2)))
        {
            promises.OnCommand(command);
            failure ??= promises.OnAnswer(command, answer);
        }

        return failure;
    }
}

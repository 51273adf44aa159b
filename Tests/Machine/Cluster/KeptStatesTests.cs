using Hugesim.Grains;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>What a silo's keeper knows of states between two activations. Epochs decide, not the order of the news.</summary>
public sealed class KeptStatesTests
{
    private static readonly GrainId Grain = GrainId.Create("vma", "m/1/vma0");

    [Fact]
    public void Keep_OfAnOlderState_ChangesNothing()
    {
        var states = new KeptStates<string>();
        states.Keep(Grain, Record(5)).ShouldBeTrue();

        states.Keep(Grain, Record(4)).ShouldBeFalse();
        states.Keep(Grain, Record(5)).ShouldBeFalse();

        states.Find(Grain)!.Epoch.ShouldBe(5);
    }

    [Fact]
    public void Drop_OfAnOlderState_KeepsTheNewerOne()
    {
        var states = new KeptStates<string>();
        states.Keep(Grain, Record(5));

        states.Drop(Grain, 4).ShouldBeFalse();
        states.IsEmpty.ShouldBeFalse();

        states.Drop(Grain, 5).ShouldBeTrue();
        states.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void Hear_OfANewerState_DropsTheOwnOne()
    {
        var states = new KeptStates<string>();
        states.Keep(Grain, Record(5));

        states.Hear("b", new KeptChange(Grain, 5, true)).ShouldBeFalse("both have the same one while it changes its place");
        states.Hear("b", new KeptChange(Grain, 6, true)).ShouldBeTrue();

        states.Find(Grain).ShouldBeNull();
        states.TryFindElsewhere(Grain, out var silo, out var epoch).ShouldBeTrue();
        (silo, epoch).ShouldBe(("b", 6));
    }

    [Fact]
    public void Hear_OfAStateThatIsOlderThanTheOwn_KeepsTheOwn()
    {
        var states = new KeptStates<string>();
        states.Keep(Grain, Record(5));

        states.Hear("b", new KeptChange(Grain, 4, true)).ShouldBeFalse();

        states.Find(Grain)!.Epoch.ShouldBe(5);
    }

    [Fact]
    public void TryFindElsewhere_OfSeveral_IsTheNewest()
    {
        var states = new KeptStates<string>();
        states.Hear("a", new KeptChange(Grain, 7, true));
        states.Hear("b", new KeptChange(Grain, 6, true));
        states.Hear("a", new KeptChange(Grain, 6, false));

        states.TryFindElsewhere(Grain, out var silo, out _).ShouldBeTrue();
        silo.ShouldBe("a", "what was dropped there is older than what it keeps");

        states.Hear("a", new KeptChange(Grain, 7, false));
        states.TryFindElsewhere(Grain, out silo, out _).ShouldBeTrue();
        silo.ShouldBe("b");
    }

    [Fact]
    public void Forget_OfASilo_ForgetsWhatItKept()
    {
        var states = new KeptStates<string>();
        states.Hear("a", new KeptChange(Grain, 7, true));
        states.Hear("b", new KeptChange(Grain, 6, true));

        states.Forget("a");
        states.TryFindElsewhere(Grain, out var silo, out _).ShouldBeTrue();
        silo.ShouldBe("b");

        states.Forget("b");
        states.IsEmpty.ShouldBeTrue();
    }

    private static GrainRecord Record(long epoch) => new() { Epoch = epoch, State = "{}" };
}

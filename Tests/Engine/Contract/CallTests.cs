using Orleans;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

public interface IArithmetic : IGrainWithStringKey
{
    ValueTask<int> Add(int a, int b);

    ValueTask Remember(string text);

    Task<string> Recall();

    Task Forget();

    ValueTask<string> WhoAmI();

    ValueTask<int> AddLater(int a, int b);
}

public interface INamed<T>
{
    ValueTask<T> Name(T prefix);
}

public interface IDerived : IGrainWithStringKey, INamed<string>
{
    ValueTask<int> Own();
}

public sealed class ArithmeticGrain : Grain, IArithmetic
{
    private string? _text;

    public ValueTask<int> Add(int a, int b) => new(a + b);

    public ValueTask Remember(string text)
    {
        _text = text;
        return default;
    }

    public Task<string> Recall() => Task.FromResult(_text ?? "");

    public Task Forget()
    {
        _text = null;
        return Task.CompletedTask;
    }

    public ValueTask<string> WhoAmI() => new(this.GetPrimaryKeyString());

    public async ValueTask<int> AddLater(int a, int b)
    {
        await Task.Yield();
        return a + b;
    }
}

public sealed class DerivedGrain : Grain, IDerived
{
    public ValueTask<string> Name(string prefix) => new(prefix + this.GetPrimaryKeyString());

    public ValueTask<int> Own() => new(7);
}

public sealed class CallTests(EngineFixture engine)
{
    [Fact]
    public async Task ValueTaskMethod_Called_ReturnsResult() => (await engine.New<IArithmetic>().Add(2, 3)).ShouldBe(5);

    [Fact]
    public async Task ValueTaskMethod_ThatYields_ReturnsResult() => (await engine.New<IArithmetic>().AddLater(2, 3)).ShouldBe(5);

    [Fact]
    public async Task Grain_CalledThroughEachReturnType_KeepsItsState()
    {
        var grain = engine.New<IArithmetic>();
        await grain.Remember("pages");
        (await grain.Recall()).ShouldBe("pages");
        await grain.Forget();
        (await grain.Recall()).ShouldBe("");
    }

    [Fact]
    public async Task Grains_WithDifferentKeys_HaveDifferentState()
    {
        var (a, b) = (engine.New<IArithmetic>(), engine.New<IArithmetic>());
        await a.Remember("a");
        (await b.Recall()).ShouldBe("");
    }

    [Fact]
    public async Task References_ToOneKey_ReachOneActivation()
    {
        var key = Guid.NewGuid().ToString();
        await engine.Grains.GetGrain<IArithmetic>(key).Remember("one");
        (await engine.Grains.GetGrain<IArithmetic>(key).Recall()).ShouldBe("one");
    }

    [Fact]
    public async Task Grain_AskedForItsKey_AnswersTheKeyOfTheReference()
    {
        var grain = engine.New<IArithmetic>();
        (await grain.WhoAmI()).ShouldBe(grain.GetPrimaryKeyString());
    }

    [Fact]
    public async Task InheritedGenericMethod_Called_ReachesTheGrain()
    {
        var grain = engine.Grains.GetGrain<IDerived>("k");
        (await grain.Name("n-")).ShouldBe("n-k");
        (await grain.Own()).ShouldBe(7);
    }

    [Fact]
    public void References_ToOneKey_AreEqual() =>
        engine.Grains.GetGrain<IArithmetic>("same").ShouldBe(engine.Grains.GetGrain<IArithmetic>("same"));

    [Fact]
    public void Identity_OfAGrainClass_IsItsNameWithoutGrain() =>
        engine.Grains.GetGrain<IArithmetic>("k").GetGrainId().ShouldBe(GrainId.Create("arithmetic", "k"));
}

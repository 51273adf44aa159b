using System.Reflection;
using Orleans;

namespace Hugesim.Tests.Load;

/// <summary>A grain factory that hands on every call, until it shall fail; <see cref="DispatchProxy"/> derives from it.</summary>
public class FailingGrains : DispatchProxy
{
    internal IGrainFactory Inner { get; set; } = null!;

    internal bool Fails { get; set; }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        Fails ? throw new TimeoutException("the silo does not answer") : targetMethod!.Invoke(Inner, args);
}

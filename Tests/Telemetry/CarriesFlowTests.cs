using System.Reflection;
using Hugesim.Abstractions;
using Hugesim.Telemetry;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

public sealed class CarriesFlowTests
{
    /// <summary>A message without it would begin a flow of its own on Orleans, or none. Only what silos tell each other of flows is no part of any.</summary>
    [Fact]
    public void Methods_OfAllGrains_CarryTheFlow() => typeof(IHstateGrain).Assembly.GetTypes()
        .Where(type => type.IsInterface && type.Namespace == typeof(IHstateGrain).Namespace && type != typeof(IFailedFlowsGrain))
        .SelectMany(type => type.GetMethods())
        .Where(method => method.GetCustomAttribute<CarriesFlowAttribute>() is null)
        .Select(method => $"{method.DeclaringType!.Name}.{method.Name}")
        .ShouldBeEmpty();
}

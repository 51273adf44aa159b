namespace Hugesim.Grains;

/// <summary>Places a grain of a NUMA node on a silo that says it owns the node; where none does, on any.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class OnOwnerOfNodeAttribute() : PlacementFilterAttribute(new OwnerOfNode());

/// <summary>Names the filter; what it does is the silo's business, which knows what silos say about themselves.</summary>
public sealed class OwnerOfNode() : PlacementFilterStrategy(order: 0);

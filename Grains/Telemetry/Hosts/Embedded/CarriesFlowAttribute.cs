namespace Hugesim.Telemetry;

/// <summary>Messages of this method carry the flow that they belong to. On the embedded engine all messages do.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CarriesFlowAttribute : Attribute;

using System.Reflection;

namespace Hugesim.Silo;

/// <summary>Which engine this build has, and why: what eng/GrainEngine.props found.</summary>
public static class EngineChoice
{
    /// <summary><c>Orleans</c> or <c>Embedded</c>.</summary>
    public static string Engine { get; } = Metadata("GrainEngine");

    /// <summary>Why it was taken, in a sentence without a full stop.</summary>
    public static string Reason { get; } = Metadata("GrainEngineReason");

    private static string Metadata(string key) =>
        typeof(EngineChoice).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(pair => pair.Key == key)?.Value ?? "unknown";
}

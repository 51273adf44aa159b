using System.Globalization;

namespace Hugesim.Load;

/// <summary>Text of profiles that both a load and a plan need.</summary>
internal static class WorkloadText
{
    /// <summary>The name of a file: <c>*</c> stands for the number of the process.</summary>
    public static string FileName(string name, long number) =>
        name.Replace("*", Math.Max(0, number).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}

using System.Text;
using Hugesim.Telemetry;

namespace Hugesim.Tests.Telemetry;

/// <summary>A flow as text: one line for each span below the one that it lies in, with what the kernel routine worked on and the counters that changed.</summary>
internal static class FlowTree
{
    private static readonly string[] Shown =
        [KernelTracing.Tags.From, KernelTracing.Tags.To, KernelTracing.Tags.Chg, KernelTracing.Tags.Answer, KernelTracing.Tags.Error];

    /// <summary>The text.</summary>
    public static string Of(IReadOnlyList<RecordedSpan> spans)
    {
        var text = new StringBuilder();
        foreach (var (span, depth) in SpanTree.Order(spans))
        {
            text.Append(' ', 2 * depth).Append(span.Name);
            foreach (var tag in Shown.Where(tag => span.Tag(tag) is not null))
            {
                var name = tag["hugesim.".Length..].Split('_')[0];
                text.Append(' ').Append(name).Append('=').Append(span.Tag(tag) is var value && value == $"{long.MaxValue}" ? "end" : value);
            }

            foreach (var counter in new[] { "free", "resv" })
            {
                var (before, after) = (span.Tag($"hugesim.before.{counter}_pages"), span.Tag($"hugesim.after.{counter}_pages"));
                text.Append(before == after ? "" : $" {counter} {before}->{after}");
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}

using System.Diagnostics;

namespace Hugesim.Telemetry;

/// <summary>
/// Spans for the kernel routines that a grain carries out. They lie inside the span of the message that the grain serves. While nobody listens to
/// <see cref="SourceName"/>, a routine costs one look at a field.
/// </summary>
public static class KernelTracing
{
    /// <summary>The source of all spans of kernel routines.</summary>
    public const string SourceName = "Hugesim.Kernel";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>A kernel routine begins; dispose the span at its end. It records nothing while nobody listens.</summary>
    /// <param name="name">The routine's name in the kernel, such as <c>hugetlb_acct_memory</c>.</param>
    public static FlowSpan Routine(string name) => Source.HasListeners() ? Begin(name) : default;

    private static FlowSpan Begin(string name) =>
        FrameSpan.Current is { } frame ? new FlowSpan(frame.BeginRoutine(name)) : new FlowSpan(Source.StartActivity(name));

    /// <summary>The names of the tags. Numbers are huge pages unless the name ends in a unit.</summary>
    public static class Tags
    {
        /// <summary>The errno or signal of what failed.</summary>
        public const string Error = "hugesim.error";

        /// <summary>Why it failed.</summary>
        public const string Cause = "hugesim.cause";

        /// <summary>The change of reservations that a routine works on.</summary>
        public const string Chg = "hugesim.chg_pages";

        /// <summary>First index of a range in a reserve map.</summary>
        public const string From = "hugesim.from_page";

        /// <summary>Index after the last one.</summary>
        public const string To = "hugesim.to_page";

        /// <summary>The page of a file or, in a mapping of none, of the mapping: the index into its reserve map.</summary>
        public const string Page = "hugesim.page";

        /// <summary>The answer of the routine.</summary>
        public const string Answer = "hugesim.answer";

        /// <summary>The frame.</summary>
        public const string Pfn = "hugesim.pfn";
    }
}

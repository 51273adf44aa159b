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

    /// <summary>A kernel routine begins; dispose the span at its end. Null while nobody listens.</summary>
    /// <param name="name">The routine's name in the kernel, such as <c>hugetlb_acct_memory</c>.</param>
    public static Activity? Routine(string name) => Source.HasListeners() ? Source.StartActivity(name) : null;

    /// <summary>Adds a number to a span; nothing, not even a boxed number, while nobody listens.</summary>
    public static Activity? With(this Activity? span, string tag, long value) => span?.SetTag(tag, value);

    /// <summary>Adds a range of a reserve map or file to a span.</summary>
    public static Activity? WithRange(this Activity? span, long from, long to) => span?.SetTag(Tags.From, from).SetTag(Tags.To, to);

    /// <summary>Marks a routine as failed, with the reason that a person can act on.</summary>
    /// <param name="span">The span, or null.</param>
    /// <param name="error">The errno or signal, such as <c>ENOMEM</c>.</param>
    /// <param name="cause">Why, with the numbers that decided.</param>
    public static void Fail(this Activity? span, string error, string cause)
    {
        if (span is not null)
        {
            span.SetStatus(ActivityStatusCode.Error, cause);
            span.SetTag(Tags.Error, error);
            span.SetTag(Tags.Cause, cause);
        }
    }

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

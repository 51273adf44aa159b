using System.Globalization;
using System.Net;
using System.Text;

namespace Hugesim.Load;

/// <summary>A line of a chart.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Points">Its points, in the units of the axes.</param>
internal sealed record ChartSeries(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>An axis of a chart.</summary>
/// <param name="Label">What it shows, with its unit.</param>
/// <param name="Show">The text of a tick.</param>
/// <param name="IsLogarithmic">Equal distances are equal ratios.</param>
internal sealed record ChartAxis(string Label, Func<double, string> Show, bool IsLogarithmic = false);

/// <summary>Draws charts as SVG that takes its colours from the page. Lines also differ by their dashes.</summary>
internal static class SvgChart
{
    private const double Width = 720;
    private const double Height = 260;
    private const double Left = 84;
    private const double Right = 12;
    private const double Top = 30;
    private const double Bottom = 48;
    private const int MostTicks = 6;

    /// <summary>Lines over a common axis.</summary>
    /// <param name="id">A name for references within the page.</param>
    /// <param name="title">The chart's title.</param>
    /// <param name="x">The horizontal axis.</param>
    /// <param name="y">The vertical axis.</param>
    /// <param name="series">The lines.</param>
    /// <param name="xTicks">Where the horizontal axis has ticks; null for round numbers.</param>
    public static string Lines(
        string id, string title, ChartAxis x, ChartAxis y, IReadOnlyList<ChartSeries> series, IReadOnlyList<double>? xTicks = null)
    {
        var points = series.SelectMany(line => line.Points).ToArray();
        var horizontal = new Scale(points.Select(p => p.X), x.IsLogarithmic, Left, Width - Right, fromZero: false);
        var vertical = new Scale(points.Select(p => p.Y), y.IsLogarithmic, Height - Bottom, Top, fromZero: true);
        var svg = new StringBuilder();
        svg.Append(Text($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">"));
        svg.Append($"<title id=\"{id}-t\">{Escape(title)}</title><desc id=\"{id}-d\">{Escape(Describe(series, y))}</desc>");
        foreach (var tick in vertical.Ticks())
        {
            var at = vertical.At(tick);
            svg.Append(Text($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{at:0.#}\" y2=\"{at:0.#}\"/>"));
            svg.Append(Text($"<text class=\"tick\" x=\"{Left - 8}\" y=\"{at + 4:0.#}\" text-anchor=\"end\">{Escape(y.Show(tick))}</text>"));
        }

        foreach (var tick in xTicks ?? horizontal.Ticks())
        {
            var at = horizontal.At(tick);
            svg.Append(Text($"<text class=\"tick\" x=\"{at:0.#}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{Escape(x.Show(tick))}</text>"));
        }

        svg.Append(Text($"<text class=\"axis\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{Escape(x.Label)}</text>"));
        svg.Append(Text($"<text class=\"axis\" x=\"0\" y=\"16\">{Escape(y.Label)}</text>"));
        for (var i = 0; i < series.Count; i++)
        {
            Append(svg, series[i], i, horizontal, vertical);
        }

        svg.Append("</svg>");
        return svg.ToString();
    }

    /// <summary>The names of the lines with their colours.</summary>
    public static string Legend(IReadOnlyList<ChartSeries> series) => "<ul class=\"legend\">" + string.Concat(series.Select((line, i) =>
        Text($"<li><svg viewBox=\"0 0 28 8\" aria-hidden=\"true\"><line class=\"line s{i}\" x1=\"0\" x2=\"28\" y1=\"4\" y2=\"4\"/></svg>{Escape(line.Name)}</li>"))) + "</ul>";

    /// <summary>Text that is safe within HTML.</summary>
    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static void Append(StringBuilder svg, ChartSeries line, int number, Scale horizontal, Scale vertical)
    {
        if (line.Points.Count == 1)
        {
            var (x, y) = line.Points[0];
            svg.Append(Text($"<circle class=\"dot s{number}\" cx=\"{horizontal.At(x):0.#}\" cy=\"{vertical.At(y):0.#}\" r=\"3\"/>"));
            return;
        }

        var points = string.Join(' ', line.Points.Select(p => Text($"{horizontal.At(p.X):0.#},{vertical.At(p.Y):0.#}")));
        svg.Append(Text($"<polyline class=\"line s{number}\" points=\"{points}\"><title>{Escape(line.Name)}</title></polyline>"));
    }

    private static string Describe(IReadOnlyList<ChartSeries> series, ChartAxis y) => string.Join("; ", series.Where(line => line.Points.Count > 0).Select(line =>
        $"{line.Name}: from {y.Show(line.Points.Min(p => p.Y))} to {y.Show(line.Points.Max(p => p.Y))}, at the end {y.Show(line.Points[^1].Y)}"));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Values to positions.</summary>
    private sealed class Scale
    {
        private readonly bool _isLogarithmic;
        private readonly double _min;
        private readonly double _max;
        private readonly double _from;
        private readonly double _to;

        public Scale(IEnumerable<double> values, bool isLogarithmic, double from, double to, bool fromZero)
        {
            (_isLogarithmic, _from, _to) = (isLogarithmic, from, to);
            var all = values.Where(v => !isLogarithmic || v > 0).DefaultIfEmpty(1).ToArray();
            var (min, max) = (all.Min(), all.Max());
            if (isLogarithmic)
            {
                (_min, _max) = (Math.Floor(Math.Log10(min)), Math.Ceiling(Math.Log10(max)));
                _max = Math.Max(_max, _min + 1);
                return;
            }

            _min = fromZero ? Math.Min(0, min) : min;
            _max = max > _min ? max : _min + 1;
        }

        public double At(double value)
        {
            var scaled = _isLogarithmic ? Math.Log10(Math.Max(value, Math.Pow(10, _min))) : value;
            return _from + ((scaled - _min) / (_max - _min) * (_to - _from));
        }

        public IEnumerable<double> Ticks()
        {
            if (_isLogarithmic)
            {
                for (var power = _min; power <= _max; power++)
                {
                    yield return Math.Pow(10, power);
                }

                yield break;
            }

            var step = Step((_max - _min) / MostTicks);
            for (var tick = Math.Ceiling(_min / step) * step; tick <= _max + (step / 1000); tick += step)
            {
                yield return tick;
            }
        }

        // The next 1, 2 or 5 times a power of ten.
        private static double Step(double least)
        {
            var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
            return new[] { 1.0, 2, 5, 10 }.Select(factor => factor * power).First(step => step >= least * 0.999);
        }
    }
}

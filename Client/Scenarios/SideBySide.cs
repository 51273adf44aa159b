namespace Hugesim.Scenarios;

/// <summary>A row of a comparison.</summary>
/// <param name="Text">The row, with <c>*</c> in front when its values differ.</param>
/// <param name="Differs">Whether its values differ.</param>
public readonly record struct ComparedRow(string Text, bool Differs);

/// <summary>Lays out expected and simulated values next to each other.</summary>
public static class SideBySide
{
    private const int MaximumColumn = 60;

    /// <summary>A heading and a row for each value.</summary>
    /// <param name="difference">The line that differs.</param>
    /// <param name="origin">Where the expected values come from.</param>
    public static IReadOnlyList<ComparedRow> Rows(RecordingDifference difference, string origin = "recorded")
    {
        var fields = difference.Fields();
        var nameWidth = fields.Max(field => field.Name.Length);
        var expectedWidth = Math.Min(MaximumColumn, fields.Max(field => Math.Max(origin.Length, Shown(field.Expected).Length)));
        var rows = new List<ComparedRow> { new($"    {"".PadRight(nameWidth)}  {origin.PadRight(expectedWidth)}  simulated", false) };
        foreach (var field in fields)
        {
            var row = $"{field.Name.PadRight(nameWidth)}  {Shown(field.Expected).PadRight(expectedWidth)}  {Shown(field.Actual)}";
            rows.Add(new ComparedRow((field.Differs ? "  * " : "    ") + row.TrimEnd(), field.Differs));
        }

        return rows;
    }

    private static string Shown(string? value) => value switch
    {
        null => "-",
        "" => "''",
        _ when value.EndsWith(' ') => $"'{value}'",
        _ => value,
    };
}

namespace Hugesim.Load;

/// <summary>The profiles that come with the program: files of the documented format.</summary>
internal static class BuiltInProfiles
{
    private const string Prefix = "Hugesim.Load.Profiles.";

    /// <summary>The ending of profile files.</summary>
    public const string Ending = ".load";

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(BuiltInProfiles).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Ending, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Ending.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of a built-in profile, or null.</summary>
    public static Stream? Open(string name) => typeof(BuiltInProfiles).Assembly.GetManifestResourceStream(Prefix + name + Ending);

    /// <summary>Reads a built-in profile.</summary>
    public static async Task<WorkloadProfile> ReadAsync(string name)
    {
        using var stream = Open(name) ?? throw new ArgumentException($"no built-in profile '{name}'", nameof(name));
        var (profile, errors) = await WorkloadParser.ReadAsync(stream, name, CancellationToken.None).ConfigureAwait(false);
        return profile ?? throw new InvalidOperationException(string.Join("; ", errors.Select(error => error.ToString())));
    }
}

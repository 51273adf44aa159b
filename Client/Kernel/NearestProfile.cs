using System.Globalization;

namespace Hugesim.Kernel;

/// <summary>Chooses the simulated kernel that is nearest to a real one.</summary>
public static class NearestProfile
{
    /// <summary>
    /// The profile for a kernel release such as <c>6.18.44-generic</c>: the one of exactly this version, else the nearest of the same
    /// major and minor version (the newest not above it, else the oldest), else the newest one not above it, else the oldest.
    /// </summary>
    /// <param name="release">What <c>uname -r</c> prints.</param>
    /// <param name="profiles">The profiles' names.</param>
    public static string For(string release, IReadOnlyList<string> profiles)
    {
        var version = Parse(release);
        var known = profiles.Select(name => (Name: name, Version: Parse(name))).OrderBy(profile => profile.Version).ToArray();
        var sameMinor = known.Where(profile => (profile.Version.Major, profile.Version.Minor) == (version.Major, version.Minor)).ToArray();
        var candidates = sameMinor.Length > 0 ? sameMinor : known;
        return candidates.LastOrDefault(profile => profile.Version <= version, candidates[0]).Name;
    }

    private static Version Parse(string text)
    {
        var numbers = new int[3];
        var words = text.Split('.', 3);
        for (var i = 0; i < words.Length; i++)
        {
            var digits = new string([.. words[i].TakeWhile(char.IsAsciiDigit)]);
            numbers[i] = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
            if (digits.Length < words[i].Length)
            {
                break;
            }
        }

        return new Version(numbers[0], numbers[1], numbers[2]);
    }
}

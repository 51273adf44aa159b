using System.Collections.Concurrent;

namespace Hugesim.Telemetry;

/// <summary>
/// Numbers for the names of spans and tags, which are texts of the program: packed spans have those in their place. Writing each name as text takes longer than all else that is packed of a span.
/// </summary>
internal static class SpanNames
{
    // The program has some hundred. Names that somebody makes while it runs cannot fill memory: those that have no number any more are written as text.
    private const int Most = 4096;

    // By reference, since a text of the program is one object and its hash would look at all of it. What comes from elsewhere, such as a client's name for a step, is another object each
    // time: it is found by its text, and takes no number of its own.
    private static readonly ConcurrentDictionary<string, int> s_numbers = new(ReferenceEqualityComparer.Instance);
    private static readonly ConcurrentDictionary<string, int> s_numbersByText = new(StringComparer.Ordinal);
    private static readonly string?[] s_names = new string?[Most];
    private static int s_count;

    /// <summary>The number of a name, 1 or more; false if it has none.</summary>
    public static bool TryNumberOf(string name, out int number) =>
        s_numbers.TryGetValue(name, out number) || s_numbersByText.TryGetValue(name, out number) || TryAdd(name, out number);

    /// <summary>The name with a number.</summary>
    public static string NameOf(int number) =>
        Volatile.Read(ref s_names[number - 1]) ?? throw new InvalidOperationException($"a packed span has the name {number}, which nobody has given");

    private static bool TryAdd(string name, out int number)
    {
        number = 0;
        if (Volatile.Read(ref s_count) >= Most)
        {
            return false;
        }

        lock (s_names)
        {
            if (s_numbersByText.TryGetValue(name, out number))
            {
                return true;
            }

            if (s_count == Most)
            {
                return false;
            }

            // Whoever finds the number finds its name.
            Volatile.Write(ref s_names[s_count], name);
            number = ++s_count;
            s_numbers[name] = s_numbersByText[name] = number;
            return true;
        }
    }
}

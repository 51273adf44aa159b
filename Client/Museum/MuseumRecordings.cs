using Hugesim.Scenarios;

namespace Hugesim.Museum;

/// <summary>What real kernels answered to the scenarios of exhibits; the files are tests of the simulation as well.</summary>
internal static class MuseumRecordings
{
    /// <summary>The recorded answers by command, from 1; the end is 0.</summary>
    /// <exception cref="InvalidOperationException">There is no recording, or it is of another scenario.</exception>
    public static async Task<IReadOnlyDictionary<int, RecordingEntry>> ReadAsync(Exhibit exhibit, CancellationToken cancellationToken)
    {
        var name = $"Hugesim.Museum.{exhibit.Kernel}.{exhibit.Name}.out";
        await using var stream = typeof(MuseumRecordings).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"there is no recording {name}");
        var recorded = new Dictionary<int, RecordingEntry>();
        await foreach (var entry in RecordingReader.ReadAsync(stream, name, cancellationToken).ConfigureAwait(false))
        {
            if (entry is RecordingStep step)
            {
                recorded.Add(recorded.Count + 1, step);
                if (exhibit.Lines.ElementAtOrDefault(recorded.Count - 1) != step.Command.Source.Text)
                {
                    throw new InvalidOperationException($"{name}:{step.Line}: the exhibit's command {recorded.Count} is another one");
                }
            }
            else if (entry is RecordingEnd)
            {
                recorded.Add(0, entry);
            }
        }

        return recorded;
    }
}

using Hugesim.History;

namespace Hugesim.WebConsole;

/// <summary>The newest runs, in memory: each is a few megabytes at most, and the oldest makes room.</summary>
internal sealed class RunStore
{
    private const int MostRuns = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, RecordedRun> _runs = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private long _next;

    /// <summary>Keeps a run and returns its name.</summary>
    public string Add(RecordedRun run)
    {
        lock (_lock)
        {
            var id = $"{++_next}";
            _runs.Add(id, run);
            _order.Enqueue(id);
            if (_order.Count > MostRuns)
            {
                _runs.Remove(_order.Dequeue());
            }

            return id;
        }
    }

    /// <summary>The run of that name, or null.</summary>
    public RecordedRun? Find(string id)
    {
        lock (_lock)
        {
            return _runs.GetValueOrDefault(id);
        }
    }
}

using System.Collections;

namespace Hugesim.Model;

/// <summary>The regions of a reserve map in ascending order. A view, not a copy: walking it allocates nothing and always shows the map as it is now.</summary>
public readonly struct RegionSequence : IReadOnlyCollection<FileRegion>
{
    private readonly RegionTree _tree;

    internal RegionSequence(RegionTree tree) => _tree = tree;

    /// <summary>Number of regions.</summary>
    public int Count => _tree.Count;

    /// <summary>Starts a walk from the first region; each step costs O(log n).</summary>
    public Enumerator GetEnumerator() => new(_tree);

    IEnumerator<FileRegion> IEnumerable<FileRegion>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A walk through the regions; it remembers only how far it came, so changing the map does not break it.</summary>
    public struct Enumerator : IEnumerator<FileRegion>
    {
        private readonly RegionTree _tree;
        private FileRegion _current;

        internal Enumerator(RegionTree tree) => _tree = tree;

        /// <summary>The region reached last.</summary>
        public readonly FileRegion Current => _current;

        readonly object IEnumerator.Current => _current;

        /// <summary>Goes to the next region.</summary>
        /// <returns>False when there is none.</returns>
        public bool MoveNext() => _tree.TryFirstEndingAfter(_current.To, out _current);

        /// <summary>Goes back to before the first region.</summary>
        public void Reset() => _current = default;

        /// <summary>Does nothing; there is nothing to give back.</summary>
        public readonly void Dispose()
        {
        }
    }
}

using System;
using System.Collections.Immutable;
using System.Linq;

namespace Hugesim.Embedded.Generator;

/// <summary>What one type adds to the output. Equal outputs are not written again.</summary>
internal sealed class Output : IEquatable<Output>
{
    internal Output(string name, string source, string registration, ImmutableArray<Finding> findings)
    {
        Name = name;
        Source = source;
        Registration = registration;
        Findings = findings;
    }

    internal string Name { get; }

    internal string Source { get; }

    internal string Registration { get; }

    internal ImmutableArray<Finding> Findings { get; }

    public bool Equals(Output? other) =>
        other is not null && Source == other.Source && Registration == other.Registration && Findings.SequenceEqual(other.Findings);

    public override bool Equals(object? obj) => Equals(obj as Output);

    public override int GetHashCode() => Source.GetHashCode() ^ Registration.GetHashCode();
}

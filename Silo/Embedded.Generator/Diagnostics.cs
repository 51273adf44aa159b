using System;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Hugesim.Embedded.Generator;

/// <summary>What a grain interface may not contain.</summary>
internal static class Rules
{
    internal static readonly DiagnosticDescriptor ReturnType = Rule(
        "HUGE001", "Return type", "{0} returns {1}: a grain interface method returns Task, Task<T>, ValueTask or ValueTask<T>");

    internal static readonly DiagnosticDescriptor GenericMethod = Rule(
        "HUGE002", "Generic method", "{0} is generic: the embedded engine has no generic grain methods");

    internal static readonly DiagnosticDescriptor Parameter = Rule(
        "HUGE003", "Parameter", "{0} has the parameter {1}: arguments travel in a message, so ref, out, in and pointers cannot be used");

    internal static readonly DiagnosticDescriptor Member = Rule(
        "HUGE004", "Member", "{0} is not a method: a grain interface has only methods");

    internal static readonly DiagnosticDescriptor CancellationToken = Rule(
        "HUGE005", "CancellationToken", "{0} has a CancellationToken that is not its only one and its last parameter");

    internal static readonly DiagnosticDescriptor Accessibility = Rule(
        "HUGE006", "Accessibility", "{0} cannot be named by generated code: grain interfaces and classes are public or internal, and so is what they are nested in");

    private static DiagnosticDescriptor Rule(string id, string title, string message) =>
        new(id, title, message, "Grains", DiagnosticSeverity.Error, isEnabledByDefault: true);
}

/// <summary>A diagnostic in a form that two runs of the generator can compare.</summary>
internal readonly struct Finding : IEquatable<Finding>
{
    private readonly DiagnosticDescriptor _rule;
    private readonly string _subject;
    private readonly string _detail;
    private readonly string _path;
    private readonly TextSpan _span;
    private readonly LinePositionSpan _lines;

    internal Finding(DiagnosticDescriptor rule, ISymbol symbol, string detail = "")
    {
        _rule = rule;
        _subject = symbol.ToDisplayString();
        _detail = detail;
        var location = symbol.Locations.Length > 0 ? symbol.Locations[0] : Location.None;
        _path = location.SourceTree?.FilePath ?? "";
        _span = location.SourceSpan;
        _lines = location.GetLineSpan().Span;
    }

    public bool Equals(Finding other) =>
        _rule.Id == other._rule.Id && _subject == other._subject && _detail == other._detail && _path == other._path && _span == other._span;

    public override bool Equals(object? obj) => obj is Finding other && Equals(other);

    public override int GetHashCode() => _subject.GetHashCode() ^ _rule.Id.GetHashCode();

    internal Diagnostic ToDiagnostic() =>
        Diagnostic.Create(_rule, _path.Length == 0 ? Location.None : Location.Create(_path, _span, _lines), _subject, _detail);
}

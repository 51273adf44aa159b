namespace Hugesim.Scenarios;

/// <summary>A line of a scenario that is not blank.</summary>
public abstract record ScenarioItem;

/// <summary>A comment line, which recordings echo.</summary>
/// <param name="Source">Where it comes from; its text begins with <c>#</c>.</param>
public sealed record ScenarioComment(SourceLine Source) : ScenarioItem;

/// <summary>A command to execute.</summary>
/// <param name="Command">The command.</param>
public sealed record ScenarioStep(ScenarioCommand Command) : ScenarioItem;

/// <summary>The line <c>parallel</c>: the commands up to the block's end are executed at the same time, those of one process in order.</summary>
/// <param name="Source">Where it comes from.</param>
public sealed record ScenarioBlockBegin(SourceLine Source) : ScenarioItem;

/// <summary>The line <c>end</c>.</summary>
/// <param name="Source">Where it comes from.</param>
public sealed record ScenarioBlockEnd(SourceLine Source) : ScenarioItem;

/// <summary>A line that cannot be executed.</summary>
/// <param name="Errors">What is wrong with it; at least one.</param>
public sealed record ScenarioFault(IReadOnlyList<ScenarioError> Errors) : ScenarioItem;

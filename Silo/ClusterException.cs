namespace Hugesim.Silo;

/// <summary>A silo or a cluster cannot be started, reached or used, for a reason that the user can be told.</summary>
public sealed class ClusterException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong, in a sentence without a full stop.</param>
    /// <param name="hint">What to do about it.</param>
    /// <param name="inner">The cause, if there is one.</param>
    public ClusterException(string message, string hint, Exception? inner = null) : base(message, inner) => Hint = hint;

    /// <summary>What to do about it.</summary>
    public string Hint { get; }

    /// <summary>Is it a mistake in the command line or the settings, and no failure of a cluster?</summary>
    public bool IsInput { get; private init; }

    /// <summary>A mistake in the command line or the settings.</summary>
    public static ClusterException Input(string message, string hint, Exception? inner = null) => new(message, hint, inner) { IsInput = true };
}

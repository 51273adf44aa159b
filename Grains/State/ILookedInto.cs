namespace Hugesim.Grains;

/// <summary>A grain instance that can be looked into without a message, by a tool that runs between two turns of a deterministic engine.</summary>
/// <typeparam name="TState">What is seen; the same that an audit is answered with.</typeparam>
public interface ILookedInto<out TState>
    where TState : class
{
    /// <summary>The state as it is now, or null if there is none. Nothing changes, and nothing is sent.</summary>
    TState? Look();
}

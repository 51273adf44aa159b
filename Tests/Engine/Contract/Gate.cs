using System.Collections.Concurrent;

namespace Hugesim.Tests.Engine;

/// <summary>
/// Points where a test and a grain meet, by name. All silos of a test are in its process, so a static table serves; a test
/// waits for what happened instead of sleeping until it should have.
/// </summary>
public static class Gate
{
    private static readonly ConcurrentDictionary<string, TaskCompletionSource> Gates = new();

    /// <summary>Opens a gate, for good.</summary>
    public static void Open(string name) => Of(name).TrySetResult();

    /// <summary>Waits for a gate; a test that would wait for ever fails instead.</summary>
    public static Task Opened(string name) => Of(name).Task.WaitAsync(TimeSpan.FromSeconds(20));

    public static bool IsOpen(string name) => Of(name).Task.IsCompleted;

    private static TaskCompletionSource Of(string name) =>
        Gates.GetOrAdd(name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

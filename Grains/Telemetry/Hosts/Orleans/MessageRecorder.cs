namespace Hugesim.Telemetry;

/// <summary>Makes the spans of messages.</summary>
public abstract class MessageRecorder
{
    private static MessageRecorder? s_current;

    /// <summary>The one of this process, or null while nobody has ever traced.</summary>
    public static MessageRecorder? Current
    {
        get => Volatile.Read(ref s_current);
        set => Volatile.Write(ref s_current, value);
    }

    /// <summary>Somebody records messages.</summary>
    public abstract bool IsListening { get; }

    /// <summary>What a message that is made now is sent in, or null.</summary>
    public abstract object? OnSend();

    /// <summary>The same for another process, or null.</summary>
    /// <param name="sender">What the message is sent in.</param>
    public abstract FlowLink? LinkOf(object sender);

    /// <summary>A message begins at its grain, while somebody listens.</summary>
    /// <param name="sender">What it was sent in, or null.</param>
    /// <param name="name">Interface and method.</param>
    /// <param name="target">The grain.</param>
    public abstract FlowSpan OnStart(object? sender, string name, IGrainContext target);
}

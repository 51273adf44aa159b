namespace Hugesim.Embedded;

/// <summary>Records calls in a form of its own, in place of spans of .NET, where it wants to. It is asked only while somebody listens to those.</summary>
public abstract class CallRecorder
{
    private static CallRecorder? s_current;

    /// <summary>The recorder of this process, or null.</summary>
    public static CallRecorder? Current
    {
        get => Volatile.Read(ref s_current);
        set => Volatile.Write(ref s_current, value);
    }

    /// <summary>The record of the call whose code runs now, or null; also where it goes on after it has awaited something, whatever that was.</summary>
    public static object? RecordOfTurn => RecordedTurn.Current?.Record;

    /// <summary>What a call that is sent now belongs to, or null if that is <see cref="System.Diagnostics.Activity.Current"/>.</summary>
    public abstract object? OnSend();

    /// <summary>A call begins.</summary>
    /// <param name="sender">What it belongs to, or null if it belongs to nothing.</param>
    /// <param name="method">Interface and method.</param>
    /// <param name="target">The grain that is called.</param>
    /// <param name="silo">The silo.</param>
    /// <returns>The record, or null if the call is to have a span of .NET.</returns>
    public abstract object? OnStart(object? sender, string method, string target, string silo);

    /// <summary>The call has ended.</summary>
    /// <param name="record">The record.</param>
    /// <param name="failure">The exception that it threw, or null.</param>
    public abstract void OnEnd(object record, Exception? failure);
}

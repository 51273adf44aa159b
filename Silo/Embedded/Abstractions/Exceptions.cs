namespace Orleans.Runtime;

/// <summary>Base of the engine's exceptions (Orleans: <c>Orleans.Runtime.OrleansException</c>).</summary>
public class OrleansException : Exception
{
    /// <summary>An exception with a message.</summary>
    public OrleansException(string message)
        : base(message)
    {
    }

    /// <summary>An exception with a message and a cause.</summary>
    public OrleansException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A message that could not be processed (Orleans: <c>Orleans.Runtime.OrleansMessageRejectionException</c>).</summary>
public class OrleansMessageRejectionException : OrleansException
{
    internal OrleansMessageRejectionException(string message)
        : base(message)
    {
    }

    internal OrleansMessageRejectionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The silo that held the request is gone: it may or may not have been carried out (Orleans: <c>Orleans.Runtime.SiloUnavailableException</c>).</summary>
public sealed class SiloUnavailableException : OrleansMessageRejectionException
{
    /// <summary>An exception with a message.</summary>
    public SiloUnavailableException(string msg)
        : base(msg)
    {
    }

    /// <summary>An exception with a message and a cause.</summary>
    public SiloUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

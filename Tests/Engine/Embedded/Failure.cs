using Shouldly;

namespace Hugesim.Tests.Engine;

/// <summary>Shouldly's asynchronous assertion continues on the thread pool; this one stays on the thread of the deterministic scheduler.</summary>
internal static class Failure
{
    internal static async Task<TException> OfAsync<TException>(Func<Task> action)
        where TException : Exception
    {
        try
        {
            await action();
        }
        catch (TException failure)
        {
            return failure;
        }

        throw new ShouldAssertException($"There was no {typeof(TException).Name}.");
    }
}

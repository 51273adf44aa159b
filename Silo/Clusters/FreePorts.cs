using System.Net;
using System.Net.Sockets;

namespace Hugesim.Silo;

/// <summary>Ports of the loopback interface on which nobody listens.</summary>
public static class FreePorts
{
    // Below the ranges from which systems take the port of an outgoing connection (Linux: 32768 and up; others: 49152 and up): such a connection could take a
    // port between the moment that it is found and the moment that somebody listens on it.
    private const int Lowest = 12000;
    private const int Highest = 32000;
    private const int Attempts = 10_000;

    /// <summary>Finds ports. Until they are listened on, another program may take them.</summary>
    /// <exception cref="SocketException">There are none.</exception>
    public static int[] Find(int count)
    {
        // All are held until the last one is found, so that no two are the same.
        var listeners = new List<TcpListener>();
        try
        {
            for (var attempt = 0; listeners.Count < count; attempt++)
            {
                var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(Lowest, Highest));
                try
                {
                    listener.Start();
                    listeners.Add(listener);
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied && attempt < Attempts)
                {
                    listener.Dispose();
                }
            }

            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (var listener in listeners)
            {
                listener.Dispose();
            }
        }
    }
}

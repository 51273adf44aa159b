using System.Net;
using System.Net.Sockets;

namespace Hugesim.Silo;

/// <summary>Ports of the loopback interface on which nobody listens.</summary>
public static class FreePorts
{
    /// <summary>Finds ports. Until they are listened on, another program may take them.</summary>
    public static int[] Find(int count)
    {
        // All are held until the last one is found, so that no two are the same.
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        try
        {
            foreach (var listener in listeners)
            {
                listener.Start();
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

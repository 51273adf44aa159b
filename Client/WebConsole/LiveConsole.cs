using Hugesim.Silo;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Hugesim.WebConsole;

/// <summary>The console of a running cluster.</summary>
internal static class LiveConsole
{
    /// <summary>Adds its pages to a silo.</summary>
    public static void Map(IEndpointRouteBuilder app, ClusterView view)
    {
    }
}

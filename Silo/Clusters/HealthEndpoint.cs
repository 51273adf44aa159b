using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Hugesim.Silo;

/// <summary>
/// Tells others over HTTP how a silo is: <c>/health/live</c> answers while the process works, <c>/health/ready</c> while the silo takes calls.
/// </summary>
public sealed class HealthEndpoint : IAsyncDisposable
{
    /// <summary>Answers 200 while the process works.</summary>
    public const string LivePath = "/health/live";

    /// <summary>Answers 200 while the silo takes calls, else 503.</summary>
    public const string ReadyPath = "/health/ready";

    private readonly WebApplication _application;

    private HealthEndpoint(WebApplication application) => _application = application;

    /// <summary>Begins to listen.</summary>
    public static async Task<HealthEndpoint> StartAsync(IPAddress address, int port, Func<bool> isReady, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
        builder.Services.AddRouting();
        builder.Services.AddHealthChecks().AddCheck("ready", () => isReady() ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(address, port));
        var application = builder.Build();
        application.MapHealthChecks(LivePath, new HealthCheckOptions { Predicate = _ => false });
        application.MapHealthChecks(ReadyPath);
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new ClusterException(
                $"the health endpoint cannot listen on {address}:{port}: {exception.InnerException?.Message ?? exception.Message}",
                $"end the program that uses the port, or give another one with {SiloSetting.HealthPort.Flag}", exception);
        }

        return new HealthEndpoint(application);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _application.DisposeAsync();
}

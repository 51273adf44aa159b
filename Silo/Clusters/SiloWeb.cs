using System.Net;
using Hugesim.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;

namespace Hugesim.Silo;

/// <summary>
/// What a silo shows over HTTP: its metrics for Prometheus, its flows by Jaeger's query API, its health, and the pages that the caller adds.
/// </summary>
public sealed class SiloWeb : IAsyncDisposable
{
    /// <summary>Where Prometheus reads the metrics.</summary>
    public const string MetricsPath = "/metrics";

    /// <summary>The meters that are shown: the pools and messages, Orleans', and .NET's.</summary>
    public static readonly IReadOnlyList<string> Meters = [PoolMeter.Name, "Microsoft.Orleans", "System.Runtime"];

    private readonly WebApplication _application;

    private SiloWeb(WebApplication application) => _application = application;

    /// <summary>Begins to listen.</summary>
    /// <param name="address">Where.</param>
    /// <param name="port">The port.</param>
    /// <param name="view">What to show.</param>
    /// <param name="pages">Adds pages.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">The port is in use.</exception>
    public static async Task<SiloWeb> StartAsync(
        IPAddress address, int port, ClusterView view, Action<IEndpointRouteBuilder, ClusterView>? pages, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
        builder.Services.AddRouting();
        builder.Services.AddHealthChecks().AddCheck("ready", () => view.IsReady() ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .ConfigureResource(resource => FlowPipeline.Describe(resource, FlowPipeline.SiloService, view.Silo))
            .AddMeter([.. Meters])
            .AddPrometheusExporter());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(address, port));
        var application = builder.Build();
        application.Use((context, next) => GuardAsync(context, next));
        application.MapHealthChecks(HealthEndpoint.LivePath, new HealthCheckOptions { Predicate = _ => false });
        application.MapHealthChecks(HealthEndpoint.ReadyPath);
        application.MapPrometheusScrapingEndpoint(MetricsPath);
        JaegerQueryApi.Map(application, view.Flows, view.FindFlowAsync);
        pages?.Invoke(application, view);
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new ClusterException(
                $"the console cannot listen on {address}:{port}: {exception.InnerException?.Message ?? exception.Message}",
                $"end the program that uses the port, or give another one with {SiloSetting.HttpPort.Flag}", exception);
        }

        return new SiloWeb(application);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _application.DisposeAsync();

    // A page of another site must not reach the silo through a name of its own that resolves to this machine. An address is no such name; and
    // metrics and health are asked for under names of a network and tell nothing of what runs.
    private static Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host.Host;
        if (host != "localhost" && !IPAddress.TryParse(host, out _) && !IsForMachines(context.Request.Path))
        {
            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            return context.Response.WriteAsync("hugesim: open it as http://localhost or with the address of the silo\n");
        }

        context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        return next(context);
    }

    private static bool IsForMachines(PathString path) => path == MetricsPath || path.StartsWithSegments("/health", StringComparison.Ordinal);
}

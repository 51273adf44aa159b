using System.Text.Json;
using Hugesim.Abstractions;
using Hugesim.Silo;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Hugesim.Clusters;

/// <summary>What a local cluster does when it is told so.</summary>
internal interface IControlledCluster
{
    /// <summary>How it is.</summary>
    ClusterStatus Status { get; }

    /// <summary>The machines of clients, where the silos are in this process; else null.</summary>
    HostedMachines? Machines { get; }

    /// <summary>The commands of clients, where the silos are in this process; else null.</summary>
    HostedCommands? Commands { get; }

    /// <summary>Starts, stops or crashes a silo.</summary>
    Task ChangeSiloAsync(string silo, string action, CancellationToken cancellationToken);

    /// <summary>Ends the cluster, soon.</summary>
    void Down();
}

/// <summary>
/// Listens on a cluster's Unix domain socket for the commands of this user's other programs: HTTP with JSON. ARCHITECTURE.md lists the requests.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    /// <summary>Before the path of each request.</summary>
    public const string Prefix = "/v1";

    private readonly WebApplication _application;

    private ControlServer(WebApplication application) => _application = application;

    /// <summary>Begins to listen.</summary>
    public static async Task<ControlServer> StartAsync(string socket, IControlledCluster cluster, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
        builder.Services.AddRouting();
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, ControlJson.Default));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket));
        var application = builder.Build();
        application.Use(AnswerErrors);
        var api = application.MapGroup(Prefix);
        api.MapGet("/status", () => cluster.Status);
        api.MapPost("/down", cluster.Down);
        api.MapPost("/silos/{silo}/{action}", async (string silo, string action, CancellationToken token) =>
        {
            await cluster.ChangeSiloAsync(silo, action, token).ConfigureAwait(false);
            return cluster.Status;
        });
        MapMachines(api.MapGroup("/machines"), () => cluster.Machines ?? throw HostsNothing());
        api.MapPost("/commands", (CommandLineRequest request, HttpContext context) => RunAsync(cluster.Commands ?? throw HostsNothing(), request, context));
        await application.StartAsync(cancellationToken).ConfigureAwait(false);
        return new ControlServer(application);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static void MapMachines(RouteGroupBuilder api, Func<HostedMachines> machines)
    {
        api.MapPost("/", (BootRequest request) => machines().BootAsync(request));
        api.MapGet("/", () => machines().ListAsync());
        api.MapPost("/renew", (MachineOwner owner) => machines().RenewAsync(owner));
        api.MapPost("/{name}/block", (string name, BlockRequest request) => machines().ExecuteAsync(name, request));
        api.MapPost("/{name}/commands", (string name, CommandRequest request, HttpContext context) =>
            machines().ExecuteAsync(name, request, context.Request.Headers.TraceParent));
        api.MapGet("/{name}/counters", (string name) => machines().ReadCountersAsync(name));
        api.MapGet("/{name}/audit", (string name) => machines().AuditAsync(name));
        api.MapPost("/{name}/teardown", (string name) => machines().TearDownAsync(name));
        api.MapDelete("/{name}", (string name) => machines().DropAsync(name));
    }

    private static ClusterException HostsNothing() =>
        ClusterException.Input("this cluster hosts no machines for clients", "connect to the gateways of its silos");

    private static Task RunAsync(HostedCommands commands, CommandLineRequest request, HttpContext context) => commands.RunAsync(
        request,
        async part =>
        {
            await JsonSerializer.SerializeAsync(context.Response.Body, part, ControlJson.Default.CommandLineOutput, context.RequestAborted).ConfigureAwait(false);
            await context.Response.WriteAsync("\n", context.RequestAborted).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        },
        context.RequestAborted);

    private static async Task AnswerErrors(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (ClusterException exception)
        {
            await Refuse(context, exception.IsInput ? StatusCodes.Status400BadRequest : StatusCodes.Status503ServiceUnavailable, exception.Message, exception.Hint);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && !context.Response.HasStarted)
        {
            // The client reports it as what it is; the cluster goes on.
            await Refuse(context, StatusCodes.Status500InternalServerError, exception.Message, exception.ToString());
        }
    }

    private static Task Refuse(HttpContext context, int status, string error, string hint)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new ErrorAnswer(error, hint), ControlJson.Default.ErrorAnswer);
    }
}

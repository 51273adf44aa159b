using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using Hugesim.Cli;
using Hugesim.History;
using Hugesim.Scenarios;
using Hugesim.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hugesim.WebConsole;

/// <summary>
/// The web console: a page to run scenarios step by step, forwards and back, with the state of every grain and the flow of each step. It listens on
/// the loopback interface only, answers no other host name, and fetches nothing from elsewhere.
/// </summary>
public sealed class ConsoleServer(CliServices services, SpanStore spans)
{
    private const int MostSteps = 500;
    private const int MostBytes = 64 * 1024;

    private static readonly Dictionary<string, (string Resource, string Type)> Files = new(StringComparer.Ordinal)
    {
        ["/"] = ("index.html", "text/html; charset=utf-8"),
        ["/console.css"] = ("console.css", "text/css; charset=utf-8"),
        ["/console.js"] = ("console.js", "text/javascript; charset=utf-8"),
        ["/draw.js"] = ("draw.js", "text/javascript; charset=utf-8"),
        ["/favicon.svg"] = ("favicon.svg", "image/svg+xml"),
    };

    private readonly RunStore _runs = new();

    /// <summary>Starts to listen.</summary>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <returns>The running server; its first address is in <see cref="WebApplication.Urls"/>.</returns>
    /// <exception cref="IOException">The port is in use.</exception>
    public async Task<WebApplication> StartAsync(int port, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestBodySize = MostBytes;
        });
        var app = builder.Build();
        app.Use(GuardAsync);
        foreach (var (path, (resource, type)) in Files)
        {
            var content = Read("Page." + resource);
            app.MapGet(path, () => Results.Bytes(content, type));
        }

        app.MapGet("/api/settings", () => new Settings([.. services.Profiles, .. services.RepairedProfiles], services.Profiles[^1], Examples()));
        app.MapPost("/api/runs", RunAsync);
        app.MapGet("/api/runs/{id}/steps/{step:int}", Step);
        JaegerQueryApi.Map(app, spans);
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
        return app;
    }

    // A page of another site must not reach the console through a name that resolves to this machine.
    private static Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Host.Host is not ("localhost" or "127.0.0.1"))
        {
            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            return context.Response.WriteAsync("hugesim console: open it as http://127.0.0.1 or http://localhost\n");
        }

        context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        return next(context);
    }

    private async Task<IResult> RunAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var profile = request.Profile ?? services.Profiles[^1];
        if (!services.Profiles.Contains(profile) && !services.RepairedProfiles.Contains(profile))
        {
            return Refuse($"there is no kernel '{profile}'");
        }

        if (request.Nodes is < 1 or > ScenarioLimits.Nodes)
        {
            return Refuse(string.Create(CultureInfo.InvariantCulture, $"nodes must be 1 to {ScenarioLimits.Nodes}"));
        }

        if (request.Scenario.AsSpan().Count('\n') >= MostSteps)
        {
            return Refuse(string.Create(CultureInfo.InvariantCulture, $"the console shows scenarios of up to {MostSteps} lines; use hugesim run"));
        }

        using var text = new MemoryStream(Encoding.UTF8.GetBytes(request.Scenario));
        var run = await RecordedRun.RunAsync(
            text, "scenario", new MachineOptions(profile, request.Nodes, "parallel", 0, 1), services.Machines, inspects: true, cancellationToken)
            .ConfigureAwait(false);
        foreach (var span in run.Steps.SelectMany(step => step.Spans))
        {
            spans.Add(span);
        }

        var end = run.Teardown is not { } left ? null : new EndView(
            left.Leak,
            string.Create(CultureInfo.InvariantCulture, $"nr={left.Counters.Nr} free={left.Counters.Free} resv={left.Counters.Resv} surp={left.Counters.Surp}"));
        return Results.Json(new RunView(
            _runs.Add(run), profile, request.Nodes, [.. run.Steps.Select(step => FlowViews.Line(step.Result))],
            [.. run.Outcome.Errors.Select(error => error.Hint is null ? $"{error}" : $"{error} ({error.Hint})")], end));
    }

    private IResult Step(string id, int step)
    {
        if (_runs.Find(id) is not { } run || step < 1 || step > run.Steps.Count)
        {
            return Results.Json(new Refusal($"there is no step {step} of run {id}; run the scenario again"), statusCode: StatusCodes.Status404NotFound);
        }

        var recorded = run.Steps[step - 1];
        return Results.Json(new StepView(
            FlowViews.Line(recorded.Result), MachineViews.Of(recorded), FlowViews.Flow(recorded.Spans), FlowViews.Explain(run, step)));
    }

    private static IResult Refuse(string error) => Results.Json(new Refusal(error), statusCode: StatusCodes.Status400BadRequest);

    private static Example[] Examples() =>
    [
        .. typeof(ConsoleServer).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("Hugesim.Examples.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => new Example(name["Hugesim.Examples.".Length..], Encoding.UTF8.GetString(ReadResource(name)))),
    ];

    private static byte[] Read(string name) => ReadResource("Hugesim.WebConsole." + name);

    private static byte[] ReadResource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"no resource {name}");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private sealed record RunRequest(string Scenario, string? Profile, int Nodes = 1);

    private sealed record Refusal(string Error);

    private sealed record Example(string Name, string Text);

    private sealed record Settings(IReadOnlyList<string> Profiles, string DefaultProfile, IReadOnlyList<Example> Examples);

    /// <summary>The program decides when the server stops, and says so itself.</summary>
    private sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

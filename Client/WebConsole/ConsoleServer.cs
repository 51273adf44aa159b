using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using Hugesim.Cli;
using Hugesim.Explore;
using Hugesim.History;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Silo;
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
/// <param name="services">Makes the machines.</param>
/// <param name="spans">Keeps the flows of the runs.</param>
/// <param name="cluster">The cluster that has the machines; null if they are in this process.</param>
public sealed class ConsoleServer(CliServices services, SpanStore spans, string? cluster = null)
{
    private const int MostSteps = 500;
    private const int MostBytes = 64 * 1024;

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
        app.Use(TellFailureAsync);
        PageFiles.Map(app, "index.html", "console.css", "console.js", "draw.js", "machine.js", "favicon.svg");
        app.MapGet("/api/settings", () => new Settings([.. services.Profiles, .. services.RepairedProfiles], services.Profiles[^1], Examples(), cluster));
        app.MapPost("/api/runs", RunAsync);
        app.MapGet("/api/runs/{id}", (string id) => _runs.Find(id) is { } run ? Results.Json(View(id, run)) : NotFound($"there is no run {id}"));
        app.MapGet("/api/runs/{id}/steps/{step:int}", Step);
        JaegerQueryApi.Map(app, spans, GatheredFlow.In(spans));
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

    // A cluster may end, or lose a silo in the middle of a run; the page stays, and says so.
    private static async Task TellFailureAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ClusterException or MachineFailureException && !context.Response.HasStarted)
        {
            var refusal = new Refusal(exception is ClusterException { Hint: var hint } ? $"{exception.Message} ({hint})" : exception.Message);
            await Results.Json(refusal, statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context).ConfigureAwait(false);
        }
    }

    /// <summary>Keeps a run that was recorded elsewhere; the page shows it under <c>#run=NAME</c>.</summary>
    /// <returns>The run's name.</returns>
    public string Show(RecordedRun run)
    {
        foreach (var span in run.Steps.SelectMany(step => step.Spans).DistinctBy(span => span.SpanId))
        {
            spans.Add(span);
        }

        return _runs.Add(run);
    }

    private async Task<IResult> RunAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var profile = request.Profile ?? services.Profiles[^1];
        if (!IsKnown(profile))
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

        var (program, _) = ScenarioProgram.Parse("scenario", request.Scenario.ReplaceLineEndings("\n").Split('\n'));
        if (program is { HasBlocks: true })
        {
            return RunSchedule(program, profile, request);
        }

        using var text = new MemoryStream(Encoding.UTF8.GetBytes(request.Scenario));
        var run = await RecordedRun.RunAsync(
            text, "scenario", new MachineOptions(profile, request.Nodes, "parallel", 0, 1), services.Machines, inspects: true, cancellationToken)
            .ConfigureAwait(false);
        return Results.Json(View(Show(run), run));
    }

    private bool IsKnown(string profile)
    {
        var parts = profile.Split(KernelBugs.BugMark);
        return (services.Profiles.Contains(parts[0]) || services.RepairedProfiles.Contains(parts[0]))
            && parts[1..].All(bug => KernelBugs.All.Any(known => KernelBugs.NameOf(known) == bug));
    }

    private IResult RunSchedule(ScenarioProgram program, string profile, RunRequest request)
    {
        if (cluster is not null)
        {
            var error = ScenarioRunner.RefuseBlock(program.Parts.First(part => part.Block is not null).Block!.Source);
            return Refuse($"{error} ({error.Hint})");
        }

        if (!ScheduleRunner.IsSupported)
        {
            return Refuse($"parallel blocks: this build runs on {GrainHost.EngineName}, where nobody can say which message is delivered next; build with -p:GrainEngine=Embedded");
        }

        try
        {
            var strategy = new ReplayStrategy(string.IsNullOrWhiteSpace(request.Schedule) ? ScheduleTrace.Empty : ScheduleTrace.Parse(request.Schedule));
            var run = ScheduleExplorer.Record(program, new ExplorationMachine(profile, request.Nodes), strategy);
            return Results.Json(View(Show(run), run));
        }
        catch (FormatException exception)
        {
            return Refuse(exception.Message);
        }
    }

    private static RunView View(string id, RecordedRun run)
    {
        var end = run.Teardown is not { } left ? null : new EndView(
            left.Leak,
            string.Create(CultureInfo.InvariantCulture, $"nr={left.Counters.Nr} free={left.Counters.Free} resv={left.Counters.Resv} surp={left.Counters.Surp}"));
        string[] errors =
        [
            .. run.Outcome.Errors.Select(error => error.Hint is null ? $"{error}" : $"{error} ({error.Hint})"),
            .. run.Schedule?.Failure is { } failure ? [failure.ToString()] : Array.Empty<string>(),
        ];
        return new RunView(
            id, run.Text, run.Options.Profile, run.Options.Nodes, run.Schedule?.Trace.ToString(), [.. run.Steps.Select(FlowViews.Line)], errors, end);
    }

    private IResult Step(string id, int step)
    {
        if (_runs.Find(id) is not { } run || step < 1 || step > run.Steps.Count)
        {
            return NotFound($"there is no step {step} of run {id}; run the scenario again");
        }

        var recorded = run.Steps[step - 1];
        return Results.Json(new StepView(
            FlowViews.Line(recorded), MachineViews.Of(recorded), FlowViews.Flow(run, recorded), FlowViews.Explain(run, step)));
    }

    private static IResult NotFound(string error) => Results.Json(new Refusal(error), statusCode: StatusCodes.Status404NotFound);

    private static IResult Refuse(string error) => Results.Json(new Refusal(error), statusCode: StatusCodes.Status400BadRequest);

    private static Example[] Examples() =>
    [
        .. typeof(ConsoleServer).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("Hugesim.Examples.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => new Example(name["Hugesim.Examples.".Length..], Encoding.UTF8.GetString(PageFiles.Read(name)))),
    ];

    private sealed record RunRequest(string Scenario, string? Profile, int Nodes = 1, string? Schedule = null);

    private sealed record Refusal(string Error);

    private sealed record Example(string Name, string Text);

    private sealed record Settings(IReadOnlyList<string> Profiles, string DefaultProfile, IReadOnlyList<Example> Examples, string? Cluster);

    /// <summary>The program decides when the server stops, and says so itself.</summary>
    private sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

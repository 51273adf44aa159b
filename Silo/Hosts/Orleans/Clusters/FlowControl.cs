using Hugesim.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Serialization.Configuration;
using Orleans.Serialization.TypeSystem;

namespace Hugesim.Silo;

/// <summary>
/// Answers, on each silo, what that silo has recorded of a flow. Orleans' management grain asks all silos at once, by their system targets: a client that gathers a flow needs to know
/// neither the silos nor an address of their HTTP endpoints. Silos ask each other one by one (<see cref="SiloParts"/>).
/// </summary>
/// <param name="silo">The silo's name.</param>
/// <param name="flows">What it has recorded; null if it records nothing.</param>
internal sealed class FlowControl(string silo, SpanStore? flows) : IControllable
{
    /// <summary>The name by which it is asked.</summary>
    public const string Name = "hugesim-flows";

    /// <inheritdoc/>
    public Task<object?> ExecuteCommand(int command, object? arg) => Task.FromResult<object?>(Find((string)arg!).Write());

    /// <summary>This silo's part of a flow.</summary>
    public FlowPart Find(string traceId) => new(silo, flows?.Find(traceId));

    /// <summary>Lets silos and clients name this type to each other: the management grain finds what it is to ask by its type.</summary>
    public static void AllowType(IServiceCollection services) =>
        services.Configure<TypeManifestOptions>(options => options.AllowedTypes.Add(RuntimeTypeNameFormatter.Format(typeof(FlowControl))));

    /// <summary>Asks all silos.</summary>
    /// <exception cref="ClusterException">One of them records no flows.</exception>
    public static async ValueTask<IReadOnlyList<RecordedSpan>> GatherAsync(IGrainFactory grains, string cluster, string traceId)
    {
        var answers = await grains.GetGrain<IManagementGrain>(0).SendControlCommandToProvider<FlowControl>(Name, 0, traceId).ConfigureAwait(false);
        var parts = answers.Select(answer => FlowPart.Read((string)answer!)).ToArray();
        return Array.Find(parts, part => part.Spans is null) is { } silent
            ? throw ClusterException.Input(
                $"silo {silent.Silo} of cluster {cluster} records no flows, so nothing can be told of what happens on it",
                "start the silos so that they show what they do: 'hugesim cluster up --console', 'hugesim silo --http-port PORT'; without --cluster the same is shown on silos in this process")
            : [.. parts.SelectMany(part => part.SignedSpans!)];
    }
}

using System.CommandLine;
using Hugesim.Silo;
using Hugesim.Telemetry;

namespace Hugesim.Cli;

/// <summary>The options of commands that can send the flows of their machines: those of a silo, under the same names.</summary>
internal sealed class FlowOptions
{
    private readonly double _ratio;

    /// <summary>Makes them.</summary>
    /// <param name="ratio">The share of flows that is sent if nothing is said.</param>
    public FlowOptions(double ratio)
    {
        _ratio = ratio;
        Ratio.Description += FormattableString.Invariant($" The default is {ratio}.");
        Ratio.Validators.Add(result =>
        {
            if (FlowExportOptions.ParseRatio(result.GetValueOrDefault<string?>() ?? "") is null)
            {
                result.AddError($"{SiloSetting.TraceRatio.Flag}: '{result.GetValueOrDefault<string?>()}' is not a share from 0 to 1 such as 0.05.");
            }
        });
    }

    private Option<string?> Endpoint { get; } = Of(SiloSetting.OtlpEndpoint);

    private Option<string?> Protocol { get; } = CliOptions.Choice(SiloSetting.OtlpProtocol.Flag, SiloSetting.OtlpProtocol.Description, ["grpc", "http/protobuf"]);

    private Option<string?> Ratio { get; } = Of(SiloSetting.TraceRatio);

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(Endpoint);
        command.Add(Protocol);
        command.Add(Ratio);
    }

    /// <summary>Where flows are to be sent.</summary>
    /// <exception cref="ClusterException">A value is wrong.</exception>
    public FlowExportOptions Read(ParseResult result) => FlowExportOptions.Read(
        result.GetValue(Endpoint),
        result.GetValue(Protocol),
        result.GetValue(Ratio) is { } ratio ? FlowExportOptions.ParseRatio(ratio)!.Value : _ratio,
        Environment.GetEnvironmentVariable);

    /// <summary>Begins to send the flows of a client; null where nothing is to be sent.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="isOnCluster">Silos in other processes have parts of the flows.</param>
    public FlowPipeline? Start(ParseResult result, bool isOnCluster)
    {
        var options = Read(result);
        return options.Endpoint is null ? null : FlowPipeline.Start(
            options, isOnCluster ? FlowPipeline.ClientService : FlowPipeline.SiloService, FormattableString.Invariant($"{Environment.MachineName}-{Environment.ProcessId}"),
            isOnCluster ? ClusterTelemetry.ExchangeWindow : TimeSpan.Zero);
    }

    private static Option<string?> Of(SiloSetting setting) => new(setting.Flag) { Description = setting.Description, HelpName = setting.ValueName };
}

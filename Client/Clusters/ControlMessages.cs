using System.Text.Json;
using System.Text.Json.Serialization;
using Hugesim.Audit;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Clusters;

/// <summary>How a local cluster is: the answer to <c>GET /v1/status</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Engine">The engine.</param>
/// <param name="Description">What it is made of, for people.</param>
/// <param name="Pid">The process that runs it.</param>
/// <param name="ClusterId">The cluster id of its silos.</param>
/// <param name="ServiceId">The service id of its silos.</param>
/// <param name="Clustering">Where its silos find each other.</param>
/// <param name="IsReady">Whether all silos have been started.</param>
/// <param name="HostsMachines">Whether machines are driven through this protocol; else clients connect to the silos' gateways.</param>
/// <param name="Silos">Its silos.</param>
public sealed record ClusterStatus(
    string Name,
    string Engine,
    string Description,
    int Pid,
    string ClusterId,
    string ServiceId,
    ClusteringKind Clustering,
    bool IsReady,
    bool HostsMachines,
    IReadOnlyList<LocalSilo> Silos);

/// <summary>Asks for a machine: <c>POST /v1/machines</c>.</summary>
/// <param name="Profile">The kernel.</param>
/// <param name="Nodes">NUMA nodes.</param>
public sealed record BootRequest(string Profile, int Nodes);

/// <summary>A machine.</summary>
/// <param name="Machine">Its name in the paths of the requests that follow.</param>
public sealed record BootAnswer(string Machine);

/// <summary>A command: <c>POST /v1/machines/NAME/commands</c>.</summary>
/// <param name="Line">The line of the scenario.</param>
/// <param name="Number">Its number.</param>
public sealed record CommandRequest(string Line, int Number);

/// <summary>What a command has done.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Deaths">Other processes that died.</param>
public sealed record CommandAnswer(string Answer, IReadOnlyList<string> Deaths);

/// <summary>Why a request has failed; the status code is then 400 or more.</summary>
/// <param name="Error">What is wrong.</param>
/// <param name="Hint">What to do.</param>
public sealed record ErrorAnswer(string Error, string Hint);

/// <summary>How the messages are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(BootRequest))]
[JsonSerializable(typeof(BootAnswer))]
[JsonSerializable(typeof(CommandRequest))]
[JsonSerializable(typeof(CommandAnswer))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(MachineCounters))]
[JsonSerializable(typeof(TeardownResult))]
[JsonSerializable(typeof(IReadOnlyList<AuditViolation>))]
public sealed partial class ControlJson : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;
using Hugesim.Abstractions;
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
/// <param name="Owner">The client that has it.</param>
public sealed record BootRequest(string Profile, int Nodes, MachineOwner Owner);

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

/// <summary>A parallel block: <c>POST /v1/machines/NAME/block</c>.</summary>
/// <param name="Lines">Its lines, without the first and the last.</param>
/// <param name="Number">The number of the line <c>parallel</c>.</param>
public sealed record BlockRequest(IReadOnlyList<string> Lines, int Number);

/// <summary>What a block has done.</summary>
/// <param name="Answers">The answers in the order in which they came.</param>
/// <param name="Deaths">Other processes that died.</param>
public sealed record BlockAnswers(IReadOnlyList<BlockAnswer> Answers, IReadOnlyList<string> Deaths);

/// <summary>The answer to a line of a block.</summary>
/// <param name="Line">Counts the block's lines from 0.</param>
/// <param name="Answer">The answer.</param>
public sealed record BlockAnswer(int Line, string Answer);

/// <summary>A command line that is to be executed in the cluster's process: <c>POST /v1/commands</c>. Names of files are absolute.</summary>
/// <param name="Arguments">The command and its arguments.</param>
/// <param name="Input">Standard input.</param>
/// <param name="UseColor">Whether to write colours.</param>
public sealed record CommandLineRequest(IReadOnlyList<string> Arguments, byte[] Input, bool UseColor);

/// <summary>A part of what it writes; one object a line.</summary>
/// <param name="Output">For standard output, or null.</param>
/// <param name="Error">For standard error, or null.</param>
/// <param name="ExitCode">The last one has the exit code.</param>
public sealed record CommandLineOutput(string? Output, string? Error, int? ExitCode);

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
[JsonSerializable(typeof(CommandLineRequest))]
[JsonSerializable(typeof(CommandLineOutput))]
[JsonSerializable(typeof(BlockRequest))]
[JsonSerializable(typeof(BlockAnswers))]
[JsonSerializable(typeof(MachineOwner))]
[JsonSerializable(typeof(OwnedMachine[]))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(MachineCounters))]
[JsonSerializable(typeof(TeardownResult))]
[JsonSerializable(typeof(IReadOnlyList<AuditViolation>))]
public sealed partial class ControlJson : JsonSerializerContext;

namespace Hugesim.WebConsole;

// What the page receives, as JSON with names in camel case. Numbers are huge pages.

/// <summary>A run: its steps in short.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Scenario">The scenario's text.</param>
/// <param name="Profile">The kernel.</param>
/// <param name="Nodes">NUMA nodes.</param>
/// <param name="Schedule">The schedule of its parallel blocks, or null if it has none.</param>
/// <param name="Steps">Its steps.</param>
/// <param name="Errors">What is wrong with the scenario, and what the schedule has shown to be wrong with the machine.</param>
/// <param name="End">What was left, or null if it did not come to its end.</param>
internal sealed record RunView(
    string Id, string Scenario, string Profile, int Nodes, string? Schedule, IReadOnlyList<StepLine> Steps, IReadOnlyList<string> Errors, EndView? End);

/// <summary>A step in short: a command, or where <paramref name="Delivery"/> is not null, one delivery of a parallel block.</summary>
internal sealed record StepLine(
    int Number, int Line, string Command, string Answer, bool Failed, IReadOnlyList<string> Changes, IReadOnlyList<string> Deaths, DeliveryLine? Delivery);

/// <summary>A delivery: whose doing it is, and whether the schedule leaves the usual order there.</summary>
internal sealed record DeliveryLine(string Thread, string From, string To, string Method, bool IsAnswer, bool IsSwitch);

/// <summary>What was left at the end.</summary>
internal sealed record EndView(bool Leak, string Counters);

/// <summary>A step in full: the machine after it, its flow, and why.</summary>
internal sealed record StepView(StepLine Step, MachineView Machine, FlowView Flow, ExplanationView Explanation);

/// <summary>A machine.</summary>
internal sealed record MachineView(
    PoolView Pool, IReadOnlyList<NodeView> Nodes, IReadOnlyList<SubpoolView> Mounts, IReadOnlyList<CgroupView> Cgroups,
    IReadOnlyList<ProcessView> Processes, IReadOnlyList<FileView> Files);

/// <summary>The counters of /proc/meminfo and sysfs.</summary>
internal sealed record PoolView(long Nr, long Free, long Resv, long Surplus, long Overcommit);

/// <summary>A NUMA node and its frames.</summary>
internal sealed record NodeView(int Node, long Nr, long Free, long Surplus, IReadOnlyList<FrameView> Frames);

/// <summary>A frame: free, or in use by somebody.</summary>
internal sealed record FrameView(long Frame, bool Used, string Kind, IReadOnlyList<string> Users);

/// <summary>A mount with a subpool; -1 stands for no limit.</summary>
internal sealed record SubpoolView(string Name, long Max, long Min, long Used, long Rsv);

/// <summary>A hugetlb cgroup.</summary>
internal sealed record CgroupView(string Name, long Usage, long Rsvd);

/// <summary>A process.</summary>
internal sealed record ProcessView(string Name, string? Parent, string? Death, IReadOnlyList<MappingView> Mappings);

/// <summary>A mapping: its areas page by page.</summary>
internal sealed record MappingView(string Name, string Kind, IReadOnlyList<string> Marks, IReadOnlyList<PageView> Pages);

/// <summary>A file: its pages one by one.</summary>
internal sealed record FileView(string Name, IReadOnlyList<string> MappedBy, IReadOnlyList<PageView> Pages);

/// <summary>A page of a mapping or file.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Reserve"><c>reserved</c>, <c>consumed</c> or <c>missing</c>.</param>
/// <param name="Frame">The frame that it has, or null.</param>
/// <param name="SharedWith">Who else has that frame.</param>
internal sealed record PageView(long Index, string Reserve, long? Frame, IReadOnlyList<string> SharedWith);

/// <summary>The spans of a flow, and the messages among them: of a delivery, all of its block and which of them it is. Of a flow of silos also what began it, and why spans may be missing.</summary>
internal sealed record FlowView(
    string TraceId, double DurationUs, IReadOnlyList<SpanView> Spans, IReadOnlyList<MessageView> Messages, int? Now = null,
    string? Name = null, IReadOnlyList<string>? Missing = null);

/// <summary>A span.</summary>
internal sealed record SpanView(string Name, int Depth, double StartUs, double DurationUs, bool IsMessage, string Grain, IReadOnlyList<string> Facts, string? Cause);

/// <summary>A message from a grain to a grain.</summary>
internal sealed record MessageView(string From, string To, string Method, bool Failed);

/// <summary>An explanation in sentences.</summary>
internal sealed record ExplanationView(IReadOnlyList<string> Causes, IReadOnlyList<string> Effects, IReadOnlyList<string> Earlier, IReadOnlyList<string> Held, string? Remedy);

/// <summary>A running cluster.</summary>
/// <param name="Silo">The silo that answers.</param>
/// <param name="Cluster">The cluster.</param>
/// <param name="Machines">The machines of all silos.</param>
/// <param name="Missing">Why machines may be missing; empty if none can be.</param>
internal sealed record ClusterPage(string Silo, string Cluster, IReadOnlyList<string> Machines, IReadOnlyList<string> Missing);

/// <summary>A machine of it now.</summary>
/// <param name="Machine">The machine, or null if it cannot be looked at.</param>
/// <param name="Note">What is not shown of it and why, or null.</param>
/// <param name="Flows">Its newest flows that this silo has kept, the newest first.</param>
internal sealed record LiveMachineView(MachineView? Machine, string? Note, IReadOnlyList<FlowLine> Flows);

/// <summary>A flow in short.</summary>
internal sealed record FlowLine(string TraceId, string Name, DateTime Start, double DurationUs, int Spans, string? Cause);

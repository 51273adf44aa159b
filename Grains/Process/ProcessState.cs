using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>All of a process as plain data.</summary>
/// <param name="Machine">Its machine.</param>
/// <param name="Task">What the kernel reads from <c>current</c>.</param>
/// <param name="IsCatching">It catches SIGBUS and SIGSEGV.</param>
/// <param name="NextVma">The number of its next mapping.</param>
/// <param name="Ranges">Its address space.</param>
/// <param name="Files">Its open files.</param>
/// <param name="Segments">Its attached segments.</param>
/// <param name="Parent">The number of the process that forked it, or 0.</param>
public sealed record ProcessState(
    MachineContext Machine, TaskContext Task, bool IsCatching, long NextVma, MappedRange[] Ranges, OpenFile[] Files, AttachedSegment[] Segments,
    long Parent = 0);

using System.Diagnostics.CodeAnalysis;

namespace Hugesim.Tests.Audit;

/// <summary>Random numbers for one command; what they mean depends on what exists by then.</summary>
public readonly record struct Draw(int What, int A, int B, int C, int D);

/// <summary>
/// Writes a scenario command by command, over the whole language of one node. It learns from the answers which processes live and which
/// names exist, so that most commands do something; a draw that fits nothing becomes another command. Any part of a list of draws is a scenario too,
/// which is what lets a failing one be shortened.
/// </summary>
internal sealed partial class ScenarioWriter
{
    private readonly List<Task> _tasks = [];
    private readonly List<string> _mounts = [];
    private readonly List<string> _segments = [];
    private readonly List<string> _cgroups = [];
    private readonly (int Weight, Func<Draw, Line?> Write)[] _kinds;
    private readonly int _weights;
    private readonly int _nodes;
    private int _names;
    private string? _newTask;
    private bool _hasPool;

    /// <param name="nodes">NUMA nodes of the machine; with more than one, the scenario also places memory.</param>
    public ScenarioWriter(int nodes = 1)
    {
        _nodes = nodes;
        _kinds =
        [
            (10, MapAnonymous), (14, MapFile), (30, Store), (8, Load), (8, Fork), (6, Munmap), (6, MunmapPart), (5, Truncate), (5, Punch), (5, Fallocate),
            (3, Protect), (6, Advise), (3, Populate), (4, Remap), (4, Segment), (4, Attach), (2, Detach), (2, RemoveSegment), (4, Pool), (3, Overcommit),
            (6, Mount), (2, Umount), (9, Open), (2, Close), (2, Unlink), (2, Memfd), (2, Exit), (1, Kill), (1, Exec), (2, Kernel), (3, Cgroup), (3, Limit),
            (2, Join), (2, Uffd), (4, UffdCopy), (2, NewTask), (2, MapOver), (2, Catch),
        ];
        if (nodes > 1)
        {
            _kinds = [.. _kinds, (5, Cpu), (6, Policy), (8, Bind), (6, Move), (5, NodePool)];
        }

        _weights = _kinds.Sum(k => k.Weight);
    }

    /// <summary>A command, and what to do with its answer.</summary>
    public sealed record Line(string Text, Action<string> Learn)
    {
        [return: NotNullIfNotNull(nameof(text))]
        public static implicit operator Line?(string? text) => text is null ? null : new(text, _ => { });
    }

    /// <summary>A process of the scenario.</summary>
    private sealed class Task(string name)
    {
        public string Name { get; } = name;

        /// <summary>Mappings and their lengths.</summary>
        public Dictionary<string, long> Maps { get; } = [];

        public List<string> Files { get; } = [];

        public List<string> Segments { get; } = [];

        public List<string> Uffds { get; } = [];
    }

    /// <summary>The next command.</summary>
    public Line Next(Draw draw)
    {
        if (!_hasPool)
        {
            _hasPool = true;
            return $"pool {3 + draw.A % 8}";
        }

        if (_tasks.Count == 0)
        {
            return NewTask(draw)!;
        }

        if (_newTask is { } name)
        {
            // Most processes catch signals, or few would live for long.
            _newTask = null;
            return $"{name} catch";
        }

        var at = draw.What % _weights;
        var kind = 0;
        while (at >= _kinds[kind].Weight)
        {
            at -= _kinds[kind++].Weight;
        }

        return Watched(_kinds[kind].Write(draw) ?? (draw.D % 2 == 0 ? MapAnonymous(draw) : MapFile(draw) ?? Open(draw))!);
    }

    // Whatever a process does may kill it.
    private Line Watched(Line line) => line with
    {
        Learn = answer =>
        {
            if (answer.StartsWith("killed", StringComparison.Ordinal) || answer.StartsWith("exited", StringComparison.Ordinal) || answer == "TIMEOUT")
            {
                _tasks.RemoveAll(t => t.Name == line.Text[..line.Text.IndexOf(' ', StringComparison.Ordinal)]);
            }

            line.Learn(answer);
        },
    };

    private string NewName(string kind) => kind + _names++;

    private Task TaskOf(Draw draw) => _tasks[draw.A % _tasks.Count];

    private static T? Pick<T>(IReadOnlyCollection<T> items, int number) => items.Count == 0 ? default : items.ElementAt(number % items.Count);

    private static Line IfOk(string text, Action done) => new(text, answer =>
    {
        if (answer == "ok")
        {
            done();
        }
    });

    // A process that has a mapping, and one of them; or null.
    private Line? OnMap(Draw draw, Func<Task, string, long, Line> write) =>
        Pick(_tasks.FindAll(t => t.Maps.Count > 0), draw.A) is { } task && Pick(task.Maps, draw.B) is var (map, length) ? write(task, map, length) : null;

    private Line? OnFile(Draw draw, Func<Task, string, Line> write) => Of(draw, t => t.Files, write);

    private Line? Of(Draw draw, Func<Task, List<string>> names, Func<Task, string, Line> write) =>
        Pick(_tasks.FindAll(t => names(t).Count > 0), draw.A) is { } task ? write(task, Pick(names(task), draw.B)!) : null;

    private Line? NewTask(Draw draw)
    {
        var task = new Task(NewName("p"));
        return IfOk($"proc {task.Name}", () =>
        {
            _tasks.Add(task);
            _newTask = draw.B % 4 == 0 ? null : task.Name;
        });
    }

    private Line? Fork(Draw draw)
    {
        if (_tasks.Count > 4)
        {
            return null;
        }

        var (parent, child) = (TaskOf(draw), new Task(NewName("p")));
        return IfOk($"{parent.Name} fork {child.Name}", () =>
        {
            _tasks.Add(child);
            parent.Files.ForEach(child.Files.Add);
            parent.Segments.ForEach(child.Segments.Add);
            parent.Uffds.ForEach(child.Uffds.Add);
            foreach (var (map, length) in parent.Maps)
            {
                child.Maps.Add(map, length);
            }
        });
    }

    private Line? Exit(Draw draw) => $"{TaskOf(draw).Name} exit";

    private Line? Kill(Draw draw) => $"{TaskOf(draw).Name} kill";

    private Line? Exec(Draw draw)
    {
        var task = TaskOf(draw);
        return IfOk($"{task.Name} exec", () =>
        {
            task.Maps.Clear();
            task.Files.Clear();
            task.Segments.Clear();
            task.Uffds.Clear();
        });
    }

    private Line? Catch(Draw draw) => $"{TaskOf(draw).Name} catch{(draw.B % 4 == 0 ? " off" : "")}";

    private Line? Pool(Draw draw) => $"pool {draw.B % 11}";

    private Line? Overcommit(Draw draw) => $"overcommit {draw.B % 5}";

    private Line? Mount(Draw draw)
    {
        if (_mounts.Count > 2)
        {
            return null;
        }

        var name = NewName("M");
        var size = draw.C % 3 > 0 ? $" size={1 + draw.B % 6}" : "";
        var minimum = draw.D % 3 > 0 ? $" min_size={1 + draw.B / 8 % 4}" : "";
        return IfOk($"mount {name}{size}{minimum}", () => _mounts.Add(name));
    }

    private Line? Umount(Draw draw) =>
        Pick(_mounts, draw.B) is { } name ? IfOk($"umount {name}{(draw.C % 2 == 0 ? " lazy" : "")}", () => _mounts.Remove(name)) : null;

    private Line? Cgroup(Draw draw)
    {
        if (_cgroups.Count > 1)
        {
            var gone = Pick(_cgroups, draw.B)!;
            return IfOk($"cgrm {gone}", () => _cgroups.Remove(gone));
        }

        var name = NewName("g");
        return IfOk($"cgnew {name}", () => _cgroups.Add(name));
    }

    private Line? Limit(Draw draw) =>
        Pick(_cgroups, draw.B) is { } name ? $"cgset {name} hugetlb.2MB.{(draw.C % 2 == 0 ? "" : "rsvd.")}max {draw.D % 5}" : null;

    private Line? Join(Draw draw) => Pick(_cgroups, draw.B) is { } name ? $"{TaskOf(draw).Name} cg {name}" : null;
}

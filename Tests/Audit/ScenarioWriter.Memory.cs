namespace Hugesim.Tests.Audit;

/// <content>Commands on memory and files.</content>
internal sealed partial class ScenarioWriter
{
    private static string Kind(int number) => number % 2 == 0 ? "private" : "shared";

    private static string Options(int number) =>
        (number % 5 == 0 ? " noreserve" : "") + (number / 5 % 8 == 0 ? " ro" : "") + (number / 40 % 8 == 0 ? " populate" : "");

    private Line? MapAnonymous(Draw draw)
    {
        var task = TaskOf(draw);
        return Map(task, NewName("m"), 1 + draw.B % 4, $" {(draw.C % 4 == 0 ? "shared" : "private")}{Options(draw.D)}");
    }

    private Line? MapFile(Draw draw) => OnFile(draw, (task, file) =>
    {
        var offset = draw.C / 8 % 3;
        return Map(task, NewName("m"), 1 + draw.C % 4, $" {Kind(draw.C / 4)} fd={file}{(offset > 0 ? $" off={offset}" : "")}{Options(draw.D)}");
    });

    // MAP_FIXED over a mapping, wholly or in part.
    private Line? MapOver(Draw draw) => OnMap(draw, (task, map, length) =>
        Map(task, NewName("m"), 1 + draw.C % 3, $" {Kind(draw.C / 4)} at={map}+{draw.D % (int)(length + 1)}"));

    private static Line Map(Task task, string name, long length, string rest) =>
        IfOk($"{task.Name} mmap {name} {length}{rest}", () => task.Maps.Add(name, length));

    private Line? Store(Draw draw) => OnMap(draw, (task, map, length) => $"{task.Name} w {map} {PageRange(draw, length)} {draw.D % 1000}");

    private Line? Load(Draw draw) => OnMap(draw, (task, map, length) => $"{task.Name} r {map} {PageRange(draw, length)}");

    private Line? Kernel(Draw draw) => OnMap(draw, (task, map, length) =>
        $"{task.Name} {(draw.D % 2 == 0 ? "kread" : "kwrite")} {map} {draw.C % (int)length}");

    private static string PageRange(Draw draw, long length)
    {
        var first = draw.C % (int)length;
        var last = Math.Min(length - 1, first + draw.C / 8 % 4);
        return last > first ? $"{first}..{last}" : $"{first}";
    }

    private Line? Munmap(Draw draw) => OnMap(draw, (task, map, _) => IfOk($"{task.Name} munmap {map}", () => task.Maps.Remove(map)));

    private Line? MunmapPart(Draw draw) => OnMap(draw, (task, map, length) => $"{task.Name} munmap {map} {Part(draw, length)}");

    private static string Part(Draw draw, long length) => $"{draw.C % (int)length} {1 + draw.C / 8 % (int)length}";

    private Line? Protect(Draw draw) => OnMap(draw, (task, map, length) =>
        $"{task.Name} mprotect {map} {Part(draw, length)} {(draw.D % 4) switch { 0 => "none", 1 => "r", _ => "rw" }}");

    private Line? Advise(Draw draw) => OnMap(draw, (task, map, length) =>
        $"{task.Name} madvise {map} {Part(draw, length)} {(draw.D % 7) switch { 0 or 1 or 2 => "dontneed", 3 or 4 => "remove", 5 => "dontfork", _ => "dofork" }}");

    private Line? Populate(Draw draw) => OnMap(draw, (task, map, length) => (draw.D % 3) switch
    {
        0 => $"{task.Name} madvise {map} {Part(draw, length)} populate_read",
        1 => $"{task.Name} madvise {map} {Part(draw, length)} populate_write",
        _ => $"{task.Name} mlock {map} {Part(draw, length)}",
    });

    // Shrinks in place, or moves a part to a free place, or over another mapping.
    private Line? Remap(Draw draw) => OnMap(draw, (task, map, length) =>
    {
        var (first, name) = (draw.C % (int)length, NewName("m"));
        var old = 1 + draw.C / 8 % (int)(length - first);
        var size = 1 + draw.C / 64 % old;
        var target = Pick(task.Maps, draw.D / 4).Key;
        var where = (draw.D % 4) switch { 0 => "", 1 => $" at={target}+0", _ => $" at={target}+{64 + draw.D % 64}" };
        return IfOk($"{task.Name} mremap {map} {first} {old} {size} {name}{where}", () => task.Maps[name] = size);
    });

    private Line? Cpu(Draw draw) => $"{TaskOf(draw).Name} cpu {draw.B % _nodes}";

    private Line? NodePool(Draw draw) => $"nodepool {draw.B % _nodes} {draw.C % 6}";

    private Line? Policy(Draw draw) => $"{TaskOf(draw).Name} mempolicy {Mode(draw)}";

    private Line? Bind(Draw draw) => OnMap(draw, (task, map, length) =>
        $"{task.Name} mbind {map} 0 {length} {Mode(draw)}{(draw.C % 5 == 0 ? 2 : draw.D / 4 % 3) switch { 0 => " move", 1 => " strict", _ => "" }}");

    private Line? Move(Draw draw) => OnMap(draw, (task, map, length) => $"{task.Name} move {map} {draw.C % (int)length} {draw.D % _nodes}");

    private string Mode(Draw draw) => (draw.C % 5) switch
    {
        0 => "default",
        1 => $"inter 0-{_nodes - 1}",
        2 => $"pref {draw.D % _nodes}",
        3 => $"prefmany {draw.D % _nodes}",
        _ => $"bind {draw.D % _nodes}",
    };

    private Line? Uffd(Draw draw) => OnMap(draw, (task, map, length) => IfOk($"{task.Name} uffd {map} 0 {length}", () => task.Uffds.Add(map)));

    private Line? UffdCopy(Draw draw) => Of(draw, t => t.Uffds, (task, map) =>
        $"{task.Name} uffdcopy {map} {draw.C % (int)task.Maps.GetValueOrDefault(map, 1)} {draw.D % 1000}");

    private Line? Open(Draw draw)
    {
        if (Pick(_mounts, draw.B) is not { } mount)
        {
            return Mount(draw);
        }

        var (task, name) = (TaskOf(draw), NewName("f"));
        var option = (draw.D % 8) switch { 0 => " ro", 1 => " trunc", _ => "" };
        return IfOk($"{task.Name} open {name} {mount}/x{draw.C % 2}{option}", () => task.Files.Add(name));
    }

    private Line? Memfd(Draw draw)
    {
        var (task, name) = (TaskOf(draw), NewName("f"));
        return IfOk($"{task.Name} memfd {name}", () => task.Files.Add(name));
    }

    private Line? Close(Draw draw) => OnFile(draw, (task, file) => IfOk($"{task.Name} close {file}", () => task.Files.Remove(file)));

    private Line? Unlink(Draw draw) => Pick(_mounts, draw.B) is { } mount ? $"{TaskOf(draw).Name} unlink {mount}/x{draw.C % 2}" : null;

    private Line? Truncate(Draw draw) => OnFile(draw, (task, file) => $"{task.Name} trunc {file} {draw.C % 5}");

    private Line? Punch(Draw draw) => OnFile(draw, (task, file) => $"{task.Name} punch {file} {draw.C % 4} {1 + draw.D % 4}");

    private Line? Fallocate(Draw draw) => OnFile(draw, (task, file) =>
        $"{task.Name} falloc {file} {draw.C % 4} {1 + draw.D % 4}{(draw.D / 4 % 4 == 0 ? " keep" : "")}");

    private Line? Segment(Draw draw)
    {
        var name = NewName("s");
        return IfOk($"{TaskOf(draw).Name} shmget {name} {1 + draw.B % 4}{(draw.C % 4 == 0 ? " noreserve" : "")}", () => _segments.Add(name));
    }

    private Line? Attach(Draw draw)
    {
        if (Pick(_segments, draw.B) is not { } segment)
        {
            return Segment(draw);
        }

        var (task, name) = (TaskOf(draw), NewName("m"));
        return IfOk($"{task.Name} shmat {name} {segment}{(draw.C % 8 == 0 ? " ro" : "")}", () =>
        {
            task.Maps.Add(name, 2);
            task.Segments.Add(name);
        });
    }

    private Line? Detach(Draw draw) => Of(draw, t => t.Segments, (task, map) => IfOk($"{task.Name} shmdt {map}", () => task.Segments.Remove(map)));

    private Line? RemoveSegment(Draw draw) =>
        Pick(_segments, draw.B) is { } segment ? IfOk($"{TaskOf(draw).Name} shmrm {segment}", () => _segments.Remove(segment)) : null;
}

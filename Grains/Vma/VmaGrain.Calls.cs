using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>Calls that change something: each is done once, however often it arrives.</content>
public sealed partial class VmaGrain
{
    /// <inheritdoc/>
    public ValueTask Forget() => ForgetEnded();

    ValueTask<Begun> IVmaGrain.Map(MapVma request, Operation operation) => Serve(operation, this, request, static (vma, request) => vma.Map(request));

    ValueTask<AccessAnswer> IVmaGrain.Access(AccessRequest request, Operation operation) =>
        Serve(operation, this, request, static (vma, request) => vma.Access(request));

    ValueTask<VmaImage> IVmaGrain.Fork(VmaLife child, Operation operation) =>
        Serve(operation, this, child, static (vma, child) => vma.Fork(child));

    ValueTask<long> IVmaGrain.Expect(MachineContext machine, Operation operation) =>
        Serve(operation, this, machine, static (vma, machine) => vma.Expect(machine));

    ValueTask IVmaGrain.Adopt(VmaImage image, Operation operation) => Serve(operation, this, image, static (vma, image) => vma.Adopt(image));

    ValueTask<FreedPage[]> IVmaGrain.Zap(long first, long end, Operation operation) =>
        Serve(operation, this, (first, end), static (vma, range) => vma.Zap(range.first, range.end));

    ValueTask<VmaClosed> IVmaGrain.Close(long first, long end, Operation operation) =>
        Serve(operation, this, (first, end), static (vma, range) => vma.Close(range.first, range.end));

    ValueTask IVmaGrain.Split(long page, Operation operation) => Serve(operation, this, page, static (vma, page) => vma.Split(page));

    ValueTask<Errno> IVmaGrain.Protect(CutRange range, bool read, bool write, Operation operation) =>
        Serve(operation, this, (range, read, write), static (vma, call) => vma.Protect(call.range, call.read, call.write));

    ValueTask<Errno> IVmaGrain.SetPolicy(CutRange range, PolicyMode mode, long nodes, Operation operation) =>
        Serve(operation, this, (range, mode, nodes), static (vma, call) => vma.SetPolicy(call.range, call.mode, call.nodes));

    ValueTask<Errno> IVmaGrain.SetAdvice(CutRange range, int advice, Operation operation) =>
        Serve(operation, this, (range, advice), static (vma, call) => vma.SetAdvice(call.range, call.advice));

    ValueTask IVmaGrain.RegisterUffd(long first, long end, Operation operation) =>
        Serve(operation, this, (first, end), static (vma, range) => vma.RegisterUffd(range.first, range.end));

    ValueTask<Errno> IVmaGrain.UffdCopy(TaskContext task, long page, int content, Operation operation) =>
        Serve(operation, this, (task, page, content), static (vma, call) => vma.UffdCopy(call.task, call.page, call.content));

    ValueTask<Errno> IVmaGrain.Move(long first, long end, long to, Operation operation) =>
        Serve(operation, this, (first, end, to), static (vma, call) => vma.Move(call.first, call.end, call.to));

    ValueTask<int> IVmaGrain.Migrate(long page, int node, Operation operation) =>
        Serve(operation, this, (page, node), static (vma, call) => vma.Migrate(call.page, call.node));

    ValueTask IVmaGrain.UnmapFile(long firstIndex, long endIndex, Operation operation) =>
        Serve(operation, this, (firstIndex, endIndex), static (vma, range) => vma.UnmapFile(range.firstIndex, range.endIndex));

    ValueTask<bool> IVmaGrain.TakeReference(TakenPage taken, Operation operation) =>
        Serve(operation, this, taken, static (vma, taken) => vma.TakeReference(taken));

    ValueTask IVmaGrain.MarkUnmapped(long index, Operation operation) =>
        Serve(operation, this, index, static (vma, index) => vma.MarkUnmapped(index));

    ValueTask IVmaGrain.InjectFailures(InjectedFailures failures, Operation operation) =>
        Serve(operation, this, failures, static (vma, failures) => vma.InjectFailures(failures));
}

using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>mremap.</content>
public sealed partial class ProcessGrain
{
    private async Flow<MmapAnswer> Mremap(MremapCall call)
    {
        var error = CheckMremap(call);
        if (error != Errno.None)
        {
            return new MmapAnswer(error, 0, 0);
        }

        var first = call.Address / Units.PageBytes;
        var oldEnd = first + RoundUp(call.OldLength, Units.PageBytes) / Units.PageBytes;
        var newPages = RoundUp(call.NewLength, Units.PageBytes) / Units.PageBytes;
        var end = first + newPages;
        if (!call.Fixed)
        {
            // shrink_vma.
            await UnmapRange(end, oldEnd);
            return new MmapAnswer(Errno.None, call.Address, newPages * Units.PageBytes);
        }

        var to = call.NewAddress / Units.PageBytes;
        if (!Flows.Profile.MremapMovesMany)
        {
            return await MremapTo(call, first, end, oldEnd, to);
        }

        foreach (var piece in await Pieces(first, end))
        {
            var isWhole = (piece.Start, piece.End) == (first, end);
            if (!isWhole && await UffdZero(piece.Vma, piece.Start) == Errno.EINVAL)
            {
                // vma_multi_allowed: what a userfaultfd watches moves alone.
                return new MmapAnswer(Errno.EFAULT, 0, 0);
            }

            if (call.DontUnmap)
            {
                return new MmapAnswer(Errno.EINVAL, 0, 0);
            }

            // mremap_to: the target is cleared and the tail cut off before anything is checked that depends on the kind of mapping.
            var target = to + piece.Start - first;
            await UnmapRange(target, target + piece.End - piece.Start);
            await UnmapRange(end, oldEnd);
            var moved = await MovePiece(piece, target);
            if (moved != Errno.None)
            {
                return new MmapAnswer(moved, 0, 0);
            }
        }

        return new MmapAnswer(Errno.None, call.NewAddress, newPages * Units.PageBytes);
    }

    // Before 6.17 mremap_to has unmapped target and tail when vma_to_resize looks whether one area has all that is to be moved.
    private async Flow<MmapAnswer> MremapTo(MremapCall call, long first, long end, long oldEnd, long to)
    {
        await UnmapRange(to, to + end - first);
        await UnmapRange(end, oldEnd);
        var pieces = await Pieces(first, end);
        var error = pieces.Count == 0 || pieces[0].Start != first ? Errno.EFAULT
            : call.DontUnmap || !Flows.Profile.MremapMoves ? Errno.EINVAL
            : pieces[0].End < end ? Errno.EFAULT
            : Errno.None;
        if (error != Errno.None)
        {
            return new MmapAnswer(error, 0, 0);
        }

        error = await MovePiece(pieces[0], to);
        return error == Errno.None ? new MmapAnswer(error, call.NewAddress, (end - first) * Units.PageBytes) : new MmapAnswer(error, 0, 0);
    }

    private async Flow<Errno> MovePiece(MappedRange piece, long target)
    {
        var error = await OfVma(piece, (piece.Start, piece.End, target), static (vma, move, id) => vma.Move(move.Start, move.End, move.target, id));
        if (error == Errno.None)
        {
            Mm.Remove(piece.Start, piece.End);
            Mm.Add(piece with { Start = target, End = target + piece.End - piece.Start });
        }

        return error;
    }

    // The areas in a range: remap_move takes one after the other.
    private async Flow<List<MappedRange>> Pieces(long first, long end)
    {
        var pieces = new List<MappedRange>();
        foreach (var range in Mm.Within(first, end))
        {
            var areas = (await View(range.Vma, range.Start, range.End)).Areas;
            pieces.AddRange(areas.Select(area => range with { Start = Math.Max(area.Start, range.Start), End = Math.Min(area.End, range.End) }));
        }

        return pieces;
    }

    // check_mremap_params, then check_prep_vma: no growth, no MREMAP_DONTUNMAP (VM_DONTEXPAND), and one area only, unless everything moves. From 5.16 to 6.16 the
    // area is looked up before the lengths, which are its whole pages then, are compared with the target.
    private Errno CheckMremap(MremapCall call)
    {
        var looksUpFirst = Flows.Profile is { MremapMoves: true, MremapMovesMany: false };
        var newLength = RoundUp(call.NewLength, Units.BasePageBytes);
        var oldLength = RoundUp(call.OldLength, Units.BasePageBytes);
        if (call.Address % Units.BasePageBytes != 0 || newLength <= 0 || (!looksUpFirst && Overlaps(call, oldLength, newLength)) || (call.DontUnmap && oldLength != newLength)
            || (!looksUpFirst && call.Fixed && (call.NewAddress < 0 || call.NewAddress % Units.BasePageBytes != 0)))
        {
            return Errno.EINVAL;
        }

        if (Mm.Find(call.Address / Units.PageBytes) is not { } range)
        {
            return Errno.EFAULT;
        }

        // align_hugetlb.
        var (newPages, oldPages) = (RoundUp(newLength, Units.PageBytes) / Units.PageBytes, RoundUp(oldLength, Units.PageBytes) / Units.PageBytes);
        var movesMany = call.Fixed && newLength == oldLength && Flows.Profile.MremapMovesMany;
        if (call.Address % Units.PageBytes != 0 || newPages > oldPages || (call.DontUnmap && !(call.Fixed && newLength == oldLength))
            || (call.Fixed && call.NewAddress % Units.PageBytes != 0)
            || (looksUpFirst && Overlaps(call, oldPages * Units.PageBytes, newPages * Units.PageBytes)))
        {
            return Errno.EINVAL;
        }

        var checksOneArea = call.Fixed && !movesMany && Flows.Profile.MremapMovesMany;
        return checksOneArea && call.Address / Units.PageBytes + newPages > range.End ? Errno.EFAULT : Errno.None;
    }

    private static bool Overlaps(MremapCall call, long oldLength, long newLength) =>
        call.Fixed && call.NewAddress < call.Address + oldLength && call.Address < call.NewAddress + newLength;
}

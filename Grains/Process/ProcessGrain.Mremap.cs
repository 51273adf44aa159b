using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>mremap.</content>
public sealed partial class ProcessGrain
{
    /// <inheritdoc/>
    public async ValueTask<MmapAnswer> Mremap(MremapCall call)
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
        foreach (var piece in await Pieces(first, end))
        {
            var isWhole = (piece.Start, piece.End) == (first, end);
            if (!isWhole && Flows.Profile.MremapMovesMany && await Vma(piece.Vma).UffdZero(piece.Start) == Errno.EINVAL)
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
            if (!Flows.Profile.MremapMoves)
            {
                return new MmapAnswer(Errno.EINVAL, 0, 0);
            }

            await Vma(piece.Vma).Move(piece.Start, piece.End, target);
            _mm.Remove(piece.Start, piece.End);
            _mm.Add(new MappedRange(target, target + piece.End - piece.Start, piece.Vma));
        }

        return new MmapAnswer(Errno.None, call.NewAddress, newPages * Units.PageBytes);
    }

    // The areas in a range: remap_move takes one after the other.
    private async ValueTask<List<MappedRange>> Pieces(long first, long end)
    {
        var pieces = new List<MappedRange>();
        foreach (var range in _mm.Within(first, end))
        {
            var areas = (await Vma(range.Vma).Describe(range.Start, range.End)).Areas;
            pieces.AddRange(areas.Select(area => new MappedRange(Math.Max(area.Start, range.Start), Math.Min(area.End, range.End), range.Vma)));
        }

        return pieces;
    }

    // check_mremap_params, then check_prep_vma: no growth, no MREMAP_DONTUNMAP (VM_DONTEXPAND), and one area only, unless everything moves.
    private Errno CheckMremap(MremapCall call)
    {
        var newLength = RoundUp(call.NewLength, Units.BasePageBytes);
        var oldLength = RoundUp(call.OldLength, Units.BasePageBytes);
        var overlaps = call.Fixed && call.NewAddress < call.Address + oldLength && call.Address < call.NewAddress + newLength;
        if (call.Address % Units.BasePageBytes != 0 || newLength <= 0 || overlaps || (call.DontUnmap && oldLength != newLength)
            || (call.Fixed && (call.NewAddress < 0 || call.NewAddress % Units.BasePageBytes != 0)))
        {
            return Errno.EINVAL;
        }

        if (_mm.Find(call.Address / Units.PageBytes) is not { } range)
        {
            return Errno.EFAULT;
        }

        // align_hugetlb.
        var (newPages, oldPages) = (RoundUp(newLength, Units.PageBytes) / Units.PageBytes, RoundUp(oldLength, Units.PageBytes) / Units.PageBytes);
        var movesMany = call.Fixed && newLength == oldLength && Flows.Profile.MremapMovesMany;
        if (call.Address % Units.PageBytes != 0 || newPages > oldPages || (call.DontUnmap && !movesMany) || (call.Fixed && call.NewAddress % Units.PageBytes != 0))
        {
            return Errno.EINVAL;
        }

        return call.Fixed && !movesMany && call.Address / Units.PageBytes + newPages > range.End ? Errno.EFAULT : Errno.None;
    }
}

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
        foreach (var range in _mm.Within(first, end))
        {
            // mremap_to: the target is cleared and the tail cut off before anything is checked that depends on the kind of mapping.
            var target = to + range.Start - first;
            if (end > range.End && await Vma(range.Vma).UffdZero(range.Start) == Errno.EINVAL)
            {
                // vma_multi_allowed: what a userfaultfd watches moves alone.
                return new MmapAnswer(Errno.EFAULT, 0, 0);
            }

            await UnmapRange(target, target + range.End - range.Start);
            await UnmapRange(end, oldEnd);
            if (!Flows.Profile.MremapMoves)
            {
                return new MmapAnswer(Errno.EINVAL, 0, 0);
            }

            await Vma(range.Vma).Move(range.Start, range.End, target);
            _mm.Remove(range.Start, range.End);
            _mm.Add(new MappedRange(target, target + range.End - range.Start, range.Vma));
        }

        return new MmapAnswer(Errno.None, call.NewAddress, newPages * Units.PageBytes);
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
        if (call.Address % Units.PageBytes != 0 || newPages > oldPages || call.DontUnmap || (call.Fixed && call.NewAddress % Units.PageBytes != 0))
        {
            return Errno.EINVAL;
        }

        var movesMany = Flows.Profile.MremapMovesMany && newLength == oldLength;
        return call.Fixed && !movesMany && call.Address / Units.PageBytes + newPages > range.End ? Errno.EFAULT : Errno.None;
    }
}

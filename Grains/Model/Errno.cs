namespace Hugesim.Model;

/// <summary>
/// The error numbers the accounting routines answer with. Like the kernel, a routine returns them negated
/// (<c>-Errno.ENOMEM</c>) in place of its page count, so a negative answer is always an error and never a count.
/// </summary>
public static class Errno
{
    /// <summary>Not enough pages or descriptors. Source: include/uapi/asm-generic/errno-base.h.</summary>
    public const int ENOMEM = 12;
}

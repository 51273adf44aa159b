namespace Hugesim.Model;

/// <summary>Error numbers of the simulated kernel, positive as in <c>errno(3)</c>. <see cref="None"/> is success.</summary>
public enum Errno
{
    /// <summary>Success.</summary>
    None = 0,

    /// <summary>Operation not permitted.</summary>
    EPERM = 1,

    /// <summary>No such file, segment or object.</summary>
    ENOENT = 2,

    /// <summary>No such process.</summary>
    ESRCH = 3,

    /// <summary>Input or output error: mbind found pages that it could not move.</summary>
    EIO = 5,

    /// <summary>Bad file descriptor.</summary>
    EBADF = 9,

    /// <summary>Try again.</summary>
    EAGAIN = 11,

    /// <summary>Out of memory: also a reservation that the pool, the subpool or the cgroup refused at mmap.</summary>
    ENOMEM = 12,

    /// <summary>Permission denied.</summary>
    EACCES = 13,

    /// <summary>Bad address: the kernel touched a page that cannot be faulted in.</summary>
    EFAULT = 14,

    /// <summary>Busy: umount of a file system in use.</summary>
    EBUSY = 16,

    /// <summary>Already exists.</summary>
    EEXIST = 17,

    /// <summary>No such device: a NUMA node that the machine has not.</summary>
    ENODEV = 19,

    /// <summary>Invalid argument.</summary>
    EINVAL = 22,

    /// <summary>No space left: a page that could not be had by fallocate.</summary>
    ENOSPC = 28,

    /// <summary>No such system call.</summary>
    ENOSYS = 38,

    /// <summary>The segment was removed.</summary>
    EIDRM = 43,

    /// <summary>Not supported.</summary>
    EOPNOTSUPP = 95,

    /// <summary>Inside of the kernel only: the call begins again.</summary>
    ERESTARTSYS = 512,
}

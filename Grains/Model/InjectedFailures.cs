namespace Hugesim.Model;

/// <summary>What a test makes fail in one inode or VMA, as the kernel's fault injection does (Documentation/fault-injection).</summary>
[Flags]
public enum InjectedFailures
{
    /// <summary>Nothing fails.</summary>
    None = 0,

    /// <summary>failslab: no descriptor of a reserve map can be allocated.</summary>
    Failslab = 1 << 0,

    /// <summary>fail_usercopy: UFFDIO_COPY cannot read the page that it copies.</summary>
    FailUsercopy = 1 << 1,
}

using System.Globalization;

namespace Hugesim.Kernel;

/// <summary>Why scenarios cannot run on the machine's kernel, and what to do about it.</summary>
/// <param name="Message">What is in the way.</param>
/// <param name="Hint">What to do.</param>
public sealed record KernelRefusal(string Message, string Hint);

/// <summary>The machine's kernel is not asked to do something, for a reason that the user is told.</summary>
public sealed class KernelRefusedException : Exception
{
    /// <summary>Makes the exception.</summary>
    public KernelRefusedException(KernelRefusal refusal) : base(refusal.Message) => Refusal = refusal;

    /// <summary>Why, and what to do.</summary>
    public KernelRefusal Refusal { get; }
}

/// <summary>What must hold before scenarios run on the machine's kernel.</summary>
public static class KernelPreconditions
{
    /// <summary>Memory that a scenario must leave to the rest of the machine.</summary>
    public const long SpareBytes = 256L << 20;

    /// <summary>The least memory for huge pages with which a scenario is begun.</summary>
    private const long LeastPages = 16;

    private const long PageBytes = 2L << 20;

    /// <summary>The first condition that does not hold, or null.</summary>
    /// <param name="environment">The machine.</param>
    /// <param name="force">Whether a pool in use is accepted.</param>
    public static KernelRefusal? Check(IKernelEnvironment environment, bool force)
    {
        if (!environment.IsLinux)
        {
            return new KernelRefusal("this is not Linux, so there is no kernel with hugetlbfs to ask", "simulate instead: hugesim run FILE");
        }

        if (environment.ReadPool("nr_hugepages") is not { } pages)
        {
            return new KernelRefusal("this kernel has no pool of 2 MiB huge pages (/sys/kernel/mm/hugepages/hugepages-2048kB)",
                "take an x86-64 or arm64 machine whose kernel is built with CONFIG_HUGETLB_PAGE, or simulate: hugesim run FILE");
        }

        if (!environment.HasHugetlbfs)
        {
            return new KernelRefusal("this kernel has no file system hugetlbfs",
                "take a kernel that is built with CONFIG_HUGETLBFS, or simulate: hugesim run FILE");
        }

        if (!environment.IsRoot)
        {
            return new KernelRefusal("only root can change the pool of huge pages and mount hugetlbfs", "run it with sudo");
        }

        if (environment.Compiler is null)
        {
            return new KernelRefusal("there is no C compiler (cc, gcc or clang), and the recorder is written in C",
                "install one, for example: apt-get install gcc libc6-dev");
        }

        return (force ? null : CheckUnused(environment, pages)) ?? CheckMemory(environment, LeastPages);
    }

    /// <summary>Why a pool of this size is not asked for, or null.</summary>
    public static KernelRefusal? CheckMemory(IKernelEnvironment environment, long pages)
    {
        var held = Math.Max(0, environment.ReadPool("nr_hugepages") ?? 0);
        var available = environment.AvailableBytes() - SpareBytes;
        var most = held + Math.Max(0, available / PageBytes);
        return pages <= most
            ? null
            : new KernelRefusal(
                string.Create(CultureInfo.InvariantCulture, $"not enough memory for {pages} huge pages: this machine can spare {most}"),
                "end other programs, or use a smaller pool; hugesim run simulates pools of any size");
    }

    private static KernelRefusal? CheckUnused(IKernelEnvironment environment, long pages)
    {
        if (pages != 0 || environment.ReadPool("nr_overcommit_hugepages") is not 0)
        {
            return new KernelRefusal(
                string.Create(CultureInfo.InvariantCulture,
                    $"the pool of huge pages is in use: nr_hugepages={pages} nr_overcommit_hugepages={environment.ReadPool("nr_overcommit_hugepages")}"),
                "use a machine without huge pages, empty the pool (sysctl vm.nr_hugepages=0 vm.nr_overcommit_hugepages=0), or give --force: "
                + "the pool is resized and then put back, which can disturb programs that use it");
        }

        return environment.ReadPool("resv_hugepages") is { } reserved and not 0
            ? new KernelRefusal(
                string.Create(CultureInfo.InvariantCulture, $"the empty pool has resv_hugepages={reserved}: a kernel bug has leaked reservations"),
                "restart the machine, or give --force and compare with care")
            : null;
    }
}

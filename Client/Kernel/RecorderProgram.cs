using System.Diagnostics;
using System.Security.Cryptography;
using Hugesim.Cli;

namespace Hugesim.Kernel;

/// <summary>The recorder as a program: compiled from its source when it is first needed, and kept for the next time.</summary>
internal sealed class RecorderProgram(string cacheFolder)
{
    /// <summary>Root's alone: whoever can write here could have the program run something else as root.</summary>
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const string Resource = "Hugesim.Kernel.recorder.c";

    /// <summary>The recorder in the system's cache.</summary>
    public static RecorderProgram Default { get; } = new("/var/cache/hugesim");

    /// <summary>The source text.</summary>
    public static byte[] Source()
    {
        using var stream = typeof(RecorderProgram).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is missing");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    /// <summary>The path of the compiled recorder.</summary>
    public async ValueTask<string> GetAsync(string compiler, CancellationToken cancellationToken)
    {
        var source = Source();
        var folder = OpenFolder();
        var program = Path.Combine(folder, $"recorder-{Convert.ToHexStringLower(SHA256.HashData(source))[..16]}");
        if (!File.Exists(program))
        {
            await CompileAsync(compiler, source, folder, program, cancellationToken).ConfigureAwait(false);
        }

        return program;
    }

    private string OpenFolder()
    {
        try
        {
            return !OperatingSystem.IsWindows() && Directory.CreateDirectory(cacheFolder, OwnerOnly) is { UnixFileMode: OwnerOnly } folder
                ? folder.FullName
                : Directory.CreateTempSubdirectory("hugesim-recorder-").FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Directory.CreateTempSubdirectory("hugesim-recorder-").FullName;
        }
    }

    private static async Task CompileAsync(string compiler, byte[] source, string folder, string program, CancellationToken cancellationToken)
    {
        var draft = Path.Combine(folder, Path.GetRandomFileName());
        var start = new ProcessStartInfo(compiler, ["-x", "c", "-O1", "-w", "-o", draft, "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start) ?? throw new MachineFailureException($"{compiler} cannot be started");
        var messages = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.StandardInput.BaseStream.WriteAsync(source, cancellationToken).ConfigureAwait(false);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        if (process.ExitCode != 0)
        {
            var first = (await messages.ConfigureAwait(false)).Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal));
            throw new KernelRefusedException(new KernelRefusal(
                $"{compiler} cannot compile the recorder: {first?.Trim() ?? "it says nothing"}",
                "install the headers of the C library and of Linux, for example: apt-get install libc6-dev linux-libc-dev"));
        }

        File.Move(draft, program, overwrite: true);
    }
}

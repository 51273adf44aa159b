using System.Diagnostics;
using Hugesim.Silo;
using Hugesim.Tests.Clusters;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Hugesim.Tests.Clusters;

/// <summary>
/// A PostgreSQL of the tests' own, from the programs of Debian's package: in a temporary folder, on the loopback interface, as a user without rights. It is started
/// when first asked for.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Programs = "/usr/lib/postgresql";
    private const string Password = "geheim";
    private readonly SemaphoreSlim _once = new(1);
    private string? _folder;
    private Process? _server;
    private int _port;

    /// <summary>Why there can be none, or null.</summary>
    public static string? Missing => FindPrograms() is null ? $"PostgreSQL is not installed ({Programs}/*/bin/initdb)"
        : Environment.UserName == "root" && !File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal))
            ? "PostgreSQL does not run as root, and there is no user postgres"
            : null;

    /// <summary>A connection string for a database that is empty; the test is skipped if there can be no server.</summary>
    internal async Task<string> NewDatabaseAsync()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await _once.WaitAsync();
        try
        {
            _server ??= await StartAsync();
            var name = $"d{Guid.NewGuid():N}";
            await RunAsync("createdb", "-h", _folder!, "-p", $"{_port}", "-U", "hugesim", name);
            return $"Host=127.0.0.1;Port={_port};Username=hugesim;Password={Password};Database={name}";
        }
        finally
        {
            _once.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            // The shell that holds the server waits for this.
            _server.StandardInput.Close();
            await _server.WaitForExitAsync();
            _server.Dispose();
        }

        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }

        _once.Dispose();
    }

    private static string? FindPrograms() => !Directory.Exists(Programs)
        ? null
        : Directory.EnumerateDirectories(Programs).Select(version => Path.Combine(version, "bin"))
            .LastOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));

    private async Task<Process> StartAsync()
    {
        _folder = Directory.CreateTempSubdirectory("hugesim-pg-").FullName;
        await File.WriteAllTextAsync(Path.Combine(_folder, "password"), Password);
        if (Environment.UserName == "root")
        {
            using var chown = Process.Start("chown", ["-R", "postgres:postgres", _folder]);
            await chown.WaitForExitAsync();
        }

        // The socket is for the tests' own preparations; over TCP a password is asked for.
        await RunAsync(
            "initdb", "-D", $"{_folder}/data", "-U", "hugesim", "--pwfile", $"{_folder}/password", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync");
        _port = FreePorts.Find(1)[0];
        // The server ends when the shell's standard input does, and so with this process, however that ends.
        var server = $"'{FindPrograms()}/postgres' -D '{_folder}/data' -h 127.0.0.1 -p {_port} -k '{_folder}' -F -c timezone=Asia/Kolkata";
        var process = Process.Start(new ProcessStartInfo("sh", ["-c", $"{string.Join(' ', Prefix())} {server} >/dev/null 2>&1 & cat >/dev/null; kill -INT $!; wait"])
        {
            RedirectStandardInput = true,
        })!;
        for (var end = DateTime.UtcNow + TimeSpan.FromMinutes(1); !File.Exists($"{_folder}/.s.PGSQL.{_port}") && DateTime.UtcNow < end;)
        {
            await Task.Delay(50);
        }

        await RunAsync("pg_isready", "-h", _folder, "-p", $"{_port}", "-t", "60");
        return process;
    }

    private static string[] Prefix() =>
        Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : [];

    private static async Task RunAsync(string program, params string[] arguments)
    {
        string[] all = [.. Prefix(), Path.Combine(FindPrograms()!, program), .. arguments];
        using var process = Process.Start(new ProcessStartInfo(all[0], all[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program}: exit code {process.ExitCode}\n{await output}{error}");
        }
    }
}

using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hugesim.Silo;

namespace Hugesim.Clusters;

/// <summary>What is known of a local cluster by all who can read its folder.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Engine">The engine of the build that started it.</param>
/// <param name="Pid">The process that runs it.</param>
/// <param name="StartedAt">When, UTC.</param>
/// <param name="Socket">The socket on which that process listens for commands.</param>
public sealed record ClusterRecord(string Name, string Engine, int Pid, DateTime StartedAt, string Socket);

/// <summary>
/// The folder of one local cluster: the record, the log files and the table of members, below the user's state folder
/// (<c>$XDG_STATE_HOME/hugesim/clusters/NAME</c>).
/// </summary>
public sealed partial class ClusterFolder
{
    private const string RecordName = "cluster.json";
    private const string LockName = "lock";
    // sun_path of sockaddr_un has 108 bytes, the last of which is 0.
    private const int LongestSocket = 107;
    private const UnixFileMode OnlyMine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private ClusterFolder(string name, string path) => (Name, Path) = (name, path);

    /// <summary>The cluster's name.</summary>
    public string Name { get; }

    /// <summary>The folder, which need not exist.</summary>
    public string Path { get; }

    private static string Root => System.IO.Path.Combine(
        FromEnvironment("XDG_STATE_HOME")
            ?? System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
        "hugesim", "clusters");

    /// <summary>The folder of a cluster.</summary>
    /// <exception cref="ClusterException">No cluster can have this name.</exception>
    public static ClusterFolder Of(string name) => ValidName().IsMatch(name) && name != ClusterNames.Postgres
        ? new ClusterFolder(name, System.IO.Path.Combine(Root, name))
        : throw ClusterException.Input(
            $"'{name}' cannot be the name of a cluster",
            $"a name has up to 40 letters, digits, '-' and '_', begins with a letter, and is not '{ClusterNames.Postgres}'");

    /// <summary>The folders of all clusters that were started and not ended in order.</summary>
    public static IReadOnlyList<ClusterFolder> All() => !Directory.Exists(Root)
        ? []
        : [.. Directory.EnumerateDirectories(Root).Select(path => new ClusterFolder(System.IO.Path.GetFileName(path), path))
            .Where(folder => folder.Read() is not null).OrderBy(folder => folder.Name, StringComparer.Ordinal)];

    /// <summary>The record, or null if there is none.</summary>
    public ClusterRecord? Read()
    {
        try
        {
            return JsonSerializer.Deserialize<ClusterRecord>(File.ReadAllBytes(System.IO.Path.Combine(Path, RecordName)));
        }
        catch (Exception exception) when (exception is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Makes the folder, and claims it for this process until the claim is disposed.</summary>
    /// <exception cref="ClusterException">Another process has it.</exception>
    public IDisposable Claim()
    {
        CreatePrivate(Path);
        try
        {
            return new FileStream(System.IO.Path.Combine(Path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new ClusterException(
                $"cluster {Name} is running already{(Read() is { } record ? $" (process {record.Pid})" : "")}",
                $"end it with 'hugesim cluster down {Name}', or give this one another name", exception);
        }
    }

    /// <summary>Writes the record of a cluster that this process runs.</summary>
    public ClusterRecord Write()
    {
        var record = new ClusterRecord(Name, EngineChoice.Engine, Environment.ProcessId, DateTime.UtcNow, SocketPath());
        File.Delete(record.Socket);
        File.WriteAllBytes(System.IO.Path.Combine(Path, RecordName), JsonSerializer.SerializeToUtf8Bytes(record));
        return record;
    }

    /// <summary>Removes the record; log files stay.</summary>
    public void Remove()
    {
        if (Read() is { } record)
        {
            File.Delete(record.Socket);
        }

        File.Delete(System.IO.Path.Combine(Path, RecordName));
    }

    private string SocketPath()
    {
        var runtime = FromEnvironment("XDG_RUNTIME_DIR");
        var folder = runtime is null ? Path : System.IO.Path.Combine(runtime, "hugesim");
        CreatePrivate(folder);
        var socket = System.IO.Path.Combine(folder, runtime is null ? "control.sock" : Name + ".sock");
        return Encoding.UTF8.GetByteCount(socket) <= LongestSocket
            ? socket
            : throw new ClusterException(
                $"the path of the cluster's socket is longer than {LongestSocket} bytes: {socket}", "set XDG_RUNTIME_DIR or XDG_STATE_HOME to a folder with a shorter path");
    }

    private static void CreatePrivate(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, OnlyMine);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClusterException($"{path} cannot be made: {exception.Message}", "set XDG_STATE_HOME to a folder that can be written", exception);
        }
    }

    // As the specification of these variables demands, a relative path is ignored.
    private static string? FromEnvironment(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { } value && System.IO.Path.IsPathRooted(value) ? value : null;

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
    private static partial Regex ValidName();
}

/// <summary>Names of clusters with a meaning of their own.</summary>
public static class ClusterNames
{
    /// <summary>The local cluster that is meant when none is named.</summary>
    public const string Default = "local";

    /// <summary>The cluster whose silos are listed in PostgreSQL.</summary>
    public const string Postgres = "postgres";
}

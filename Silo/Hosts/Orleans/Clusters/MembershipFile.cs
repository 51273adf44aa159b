using System.Globalization;
using System.Text.Json;
using Orleans.Runtime;

namespace Hugesim.Silo;

/// <summary>
/// The list of the silos of a cluster, in a file of this machine. Each change holds a lock and replaces the file as a whole, so that a reader
/// sees all of a change or nothing, and a process that is killed leaves the file as it was.
/// </summary>
internal sealed class MembershipFile(string path)
{
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Reads the list; an empty one if there is no file yet.</summary>
    public Members Read() => File.Exists(path) ? JsonSerializer.Deserialize<Members>(File.ReadAllBytes(path))! : new Members(0, []);

    /// <summary>Changes the list. <paramref name="change"/> gives the new one, or null to leave it as it is.</summary>
    /// <returns>Whether it was changed.</returns>
    public async Task<bool> ChangeAsync(Func<Members, Members?> change)
    {
        using var held = await LockAsync().ConfigureAwait(false);
        if (change(Read()) is not { } changed)
        {
            return false;
        }

        var next = path + ".next";
        await File.WriteAllBytesAsync(next, JsonSerializer.SerializeToUtf8Bytes(changed, Indented)).ConfigureAwait(false);
        File.Move(next, path, overwrite: true);
        return true;
    }

    /// <summary>Says of a silo whose process has ended that it is dead, so that the others need not find out.</summary>
    public Task DeclareDeadAsync(string siloName) => ChangeAsync(members =>
        members.Rows.Any(row => row.SiloName == siloName && row.Status != (int)SiloStatus.Dead)
            ? new Members(
                members.Version + 1,
                [.. members.Rows.Select(row => row.SiloName == siloName ? row with { Status = (int)SiloStatus.Dead, Version = members.Version + 1 } : row)])
            : null);

    private async Task<FileStream> LockAsync()
    {
        var deadline = DateTime.UtcNow + LockTimeout;
        while (true)
        {
            try
            {
                return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (DateTime.UtcNow < deadline && Directory.Exists(Path.GetDirectoryName(path)))
            {
                await Task.Delay(LockRetry).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The list.</summary>
    /// <param name="Version">Grows with each change.</param>
    /// <param name="Rows">The silos, the dead ones among them.</param>
    internal sealed record Members(int Version, IReadOnlyList<Member> Rows);

    /// <summary>A silo.</summary>
    /// <param name="Address">Its address as Orleans writes it.</param>
    /// <param name="SiloName">Its name.</param>
    /// <param name="HostName">Its machine.</param>
    /// <param name="Status">The number of its <see cref="SiloStatus"/>.</param>
    /// <param name="GatewayPort">Its port for clients.</param>
    /// <param name="StartTime">When it started, UTC.</param>
    /// <param name="IAmAliveTime">When it last said that it lives, UTC.</param>
    /// <param name="Suspects">Who suspects it since when, each as address and time.</param>
    /// <param name="Version">The version of the list that brought this row.</param>
    internal sealed record Member(
        string Address,
        string SiloName,
        string HostName,
        int Status,
        int GatewayPort,
        DateTime StartTime,
        DateTime IAmAliveTime,
        IReadOnlyList<string[]> Suspects,
        int Version)
    {
        public static Member From(MembershipEntry entry, int version) => new(
            entry.SiloAddress.ToParsableString(), entry.SiloName, entry.HostName, (int)entry.Status, entry.ProxyPort, entry.StartTime, entry.IAmAliveTime,
            [.. (entry.SuspectTimes ?? []).Select(vote => new[] { vote.Item1.ToParsableString(), vote.Item2.ToString("O", CultureInfo.InvariantCulture) })],
            version);

        public SiloAddress ToAddress() => SiloAddress.FromParsableString(Address);

        public Tuple<MembershipEntry, string> ToEntry() => Tuple.Create(
            new MembershipEntry
            {
                SiloAddress = ToAddress(),
                SiloName = SiloName,
                HostName = HostName,
                Status = (SiloStatus)Status,
                ProxyPort = GatewayPort,
                StartTime = StartTime,
                IAmAliveTime = IAmAliveTime,
                SuspectTimes = [.. Suspects.Select(vote => Tuple.Create(
                    SiloAddress.FromParsableString(vote[0]), DateTime.Parse(vote[1], CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)))],
            },
            Version.ToString(CultureInfo.InvariantCulture));
    }
}

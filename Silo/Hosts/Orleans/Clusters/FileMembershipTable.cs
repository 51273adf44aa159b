using System.Globalization;
using System.Net;
using Orleans.Messaging;
using Orleans.Runtime;

namespace Hugesim.Silo;

/// <summary>Orleans' table of members in a <see cref="MembershipFile"/>: any silo of a local cluster may end, also the first one.</summary>
internal sealed class FileMembershipTable(MembershipFile file) : IMembershipTable
{
    public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

    public Task DeleteMembershipTableEntries(string clusterId) => file.ChangeAsync(members => new MembershipFile.Members(members.Version + 1, []));

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => file.ChangeAsync(members => members with
    {
        Rows = [.. members.Rows.Where(row => row.Status != (int)SiloStatus.Dead || row.IAmAliveTime >= beforeDate.UtcDateTime)],
    });

    public Task<MembershipTableData> ReadRow(SiloAddress key) => Task.FromResult(Data(file.Read(), row => row.ToAddress().Equals(key)));

    public Task<MembershipTableData> ReadAll() => Task.FromResult(Data(file.Read(), _ => true));

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => file.ChangeAsync(members =>
        ETag(members.Version) != tableVersion.VersionEtag || members.Rows.Any(row => row.ToAddress().Equals(entry.SiloAddress))
            ? null
            : new MembershipFile.Members(members.Version + 1, [.. members.Rows, MembershipFile.Member.From(entry, members.Version + 1)]));

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => file.ChangeAsync(members =>
        ETag(members.Version) != tableVersion.VersionEtag
            || !members.Rows.Any(row => row.ToAddress().Equals(entry.SiloAddress) && ETag(row.Version) == etag)
            ? null
            : Replace(members, entry.SiloAddress, members.Version + 1, _ => MembershipFile.Member.From(entry, members.Version + 1)));

    // Says only that the silo lives: no version changes, as the interface demands.
    public Task UpdateIAmAlive(MembershipEntry entry) => file.ChangeAsync(members =>
        Replace(members, entry.SiloAddress, members.Version, row => row with { IAmAliveTime = entry.IAmAliveTime }));

    private static MembershipFile.Members Replace(
        MembershipFile.Members members, SiloAddress silo, int version, Func<MembershipFile.Member, MembershipFile.Member> change) =>
        new(version, [.. members.Rows.Select(row => row.ToAddress().Equals(silo) ? change(row) : row)]);

    private static MembershipTableData Data(MembershipFile.Members members, Func<MembershipFile.Member, bool> wanted) => new(
        [.. members.Rows.Where(wanted).Select(row => row.ToEntry())], new TableVersion(members.Version, ETag(members.Version)));

    private static string ETag(int version) => version.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Tells a client of the gateways in a <see cref="MembershipFile"/>.</summary>
internal sealed class FileGatewayList(MembershipFile file) : IGatewayListProvider
{
    public TimeSpan MaxStaleness => TimeSpan.FromSeconds(1);

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    public Task<IList<Uri>> GetGateways() => Task.FromResult<IList<Uri>>(
        [.. file.Read().Rows.Where(row => row.Status == (int)SiloStatus.Active && row.GatewayPort > 0).Select(row => GatewayOf(row.ToAddress(), row.GatewayPort))]);

    private static Uri GatewayOf(SiloAddress silo, int port) => SiloAddress.New(new IPEndPoint(silo.Endpoint.Address, port), silo.Generation).ToGatewayUri();
}

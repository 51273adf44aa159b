using Orleans.Hosting;
using Orleans.Serialization;
using Orleans.Storage;

namespace Hugesim.Silo;

/// <summary>Silos that find each other in PostgreSQL and store the state of grains there.</summary>
internal static class PostgresClustering
{
    private const string Provider = "Npgsql";

    /// <summary>Configures a silo.</summary>
    public static void Configure(ISiloBuilder silo, string connection)
    {
        silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Provider, connection));
        silo.AddAdoNetGrainStorage(SiloSettings.Storage, options => options.Configure<Serializer>((storage, serializer) =>
        {
            (storage.Invariant, storage.ConnectionString) = (Provider, connection);
            // As on the wire: member ids and aliases, so that fields may be added later.
            storage.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
        }));
    }

    /// <summary>Configures a client.</summary>
    public static void Configure(IClientBuilder client, string connection) =>
        client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Provider, connection));
}

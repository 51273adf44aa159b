using System.Text;
using Npgsql;

namespace Hugesim.Silo;

/// <summary>The tables in PostgreSQL that silos need, and the statements that Orleans' ADO.NET providers find there.</summary>
public static class PostgresSchema
{
    /// <summary>Can this build do it?</summary>
    public const bool IsSupported = true;

    private const string KeyMark = "--: ";
    // Any number will do, as long as nobody else takes it: two commands at a time wait for each other.
    private const long LockNumber = 0x6875676573696d;

    /// <summary>The whole schema as a script for psql.</summary>
    public static string Script()
    {
        var script = new StringBuilder(Resource("schema.sql"));
        foreach (var (key, text) in Queries())
        {
            script.Append($"\nINSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('{key}', $query$\n{text}\n$query$)\n")
                .Append("ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText;\n");
        }

        return script.ToString();
    }

    /// <summary>Makes what is missing, and brings the statements to this program's version. What is stored stays.</summary>
    /// <exception cref="ClusterException">The database cannot be reached, or refuses.</exception>
    public static Task SetUpAsync(string connection, CancellationToken cancellationToken) => WithDatabaseAsync(connection, async database =>
    {
        await using var transaction = await database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var command = new NpgsqlCommand($"SELECT pg_advisory_xact_lock({LockNumber});\n{Script()}", database, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return true;
    });

    /// <summary>Makes sure that a database can be reached and has the schema of this program's version.</summary>
    /// <exception cref="ClusterException">It cannot, or has not.</exception>
    public static async Task CheckAsync(string connection, CancellationToken cancellationToken)
    {
        var stored = await WithDatabaseAsync(connection, async database =>
        {
            var found = new Dictionary<string, string>();
            await using var exists = new NpgsqlCommand("SELECT to_regclass('orleansquery') IS NOT NULL", database);
            if (await exists.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true)
            {
                await using var command = new NpgsqlCommand("SELECT QueryKey, QueryText FROM OrleansQuery", database);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    found[reader.GetString(0)] = reader.GetString(1).Trim();
                }
            }

            return found;
        }).ConfigureAwait(false);
        if (!Queries().All(query => stored.TryGetValue(query.Key, out var text) && text == query.Text))
        {
            throw ClusterException.Input(
                $"the database {Describe(connection)} has no schema of this version of hugesim", "set it up with 'hugesim cluster schema'");
        }
    }

    /// <summary>A connection string without its password, for people.</summary>
    public static string Describe(string connection)
    {
        var parts = Parse(connection);
        return $"'{parts.Database ?? parts.Username}' at {parts.Host}:{parts.Port}, user '{parts.Username}'";
    }

    internal static IEnumerable<(string Key, string Text)> Queries()
    {
        foreach (var part in ("\n" + Resource("queries.sql")).Split("\n" + KeyMark).Skip(1))
        {
            var end = part.IndexOf('\n', StringComparison.Ordinal);
            yield return (part[..end].Trim(), part[end..].Trim());
        }
    }

    private static async Task<T> WithDatabaseAsync<T>(string connection, Func<NpgsqlConnection, Task<T>> work)
    {
        // Without a pool: the connection ends with this.
        var parts = Parse(connection);
        parts.Pooling = false;
        try
        {
            await using var database = new NpgsqlConnection(parts.ConnectionString);
            await database.OpenAsync().ConfigureAwait(false);
            return await work(database).ConfigureAwait(false);
        }
        catch (NpgsqlException exception)
        {
            var cause = exception.InnerException is System.Net.Sockets.SocketException socket ? socket.Message : exception.Message;
            throw new ClusterException(
                $"the database {Describe(connection)} does not answer as it should: {cause}",
                $"check host, port, user, password and database in {SiloSetting.Connection.Variable}", exception);
        }
    }

    private static NpgsqlConnectionStringBuilder Parse(string connection)
    {
        try
        {
            var parts = new NpgsqlConnectionStringBuilder(connection);
            return parts.Host is null ? throw new ArgumentException("it names no host") : parts;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException)
        {
            // The message names a keyword; values, and so a password, are not in it. The inner exception may hold them and is left out.
            throw ClusterException.Input(
                $"the connection string cannot be read: {exception.Message}",
                "its form is 'Host=db;Port=5432;Username=hugesim;Password=...;Database=hugesim'");
        }
    }

    private static string Resource(string name)
    {
        using var stream = typeof(PostgresSchema).Assembly.GetManifestResourceStream("Hugesim.Postgres." + name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

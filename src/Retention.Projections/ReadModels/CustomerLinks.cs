using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Customers;
using Retention.Projections.EventLog;

namespace Retention.Projections.ReadModels;

/// <summary>Stores and reads who was said to be whom, see <see cref="Identities"/>.</summary>
internal static class CustomerLinks
{
    private const string Columns = "l.customer_id, l.into_id, l.merged, l.position, l.known_until, l.occurred_at, l.source, l.event_id";

    /// <summary>Every link of a tenant.</summary>
    public static async Task<IReadOnlyList<Link>> AllAsync(NpgsqlConnection connection, Place place, string tenant, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(place.Qualify($"select {Columns} from {"{schema}"}.customer_links l where tenant_id = $1"), connection);
        command.Parameters.AddWithValue(tenant);
        return await ReadAsync(command, ct);
    }

    /// <summary>
    /// Every link that leads, in whatever direction and over whatever others, to one of some customers, in force or not: enough to tell
    /// their identities as of any position, and after any further link between them.
    /// </summary>
    public static async Task<IReadOnlyList<Link>> AroundAsync(
        NpgsqlConnection connection, Place place, (string Tenant, string[] Customers) of, CancellationToken ct)
    {
        const string sql = $$"""
            with recursive reached (customer_id) as (
                select unnest($2)
                union
                select next.customer_id from reached, lateral (
                    select into_id from {schema}.customer_links where tenant_id = $1 and customer_id = reached.customer_id
                    union all
                    select customer_id from {schema}.customer_links where tenant_id = $1 and into_id = reached.customer_id) as next (customer_id))
            select {{Columns}} from reached join {schema}.customer_links l on l.tenant_id = $1 and l.customer_id = reached.customer_id
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(of.Tenant);
        command.Parameters.Add(new() { Value = of.Customers, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar });
        return await ReadAsync(command, ct);
    }

    /// <summary>Writes links that are new or retracted, in one statement.</summary>
    public static NpgsqlBatchCommand Write(Place place, string tenant, IReadOnlyCollection<Link> changed)
    {
        const string sql = """
            insert into {schema}.customer_links (tenant_id, customer_id, into_id, merged, position, known_until, occurred_at, source, event_id)
            select $1, * from unnest($2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (tenant_id, customer_id, position) do update set known_until = excluded.known_until
            """;
        return new NpgsqlBatchCommand(place.Qualify(sql))
        {
            Parameters =
            {
                new() { Value = tenant },
                Texts(link => link.Customer),
                Texts(link => link.Into),
                new() { Value = changed.Select(link => link.Merged).ToArray() },
                new() { Value = changed.Select(link => link.KnownFrom).ToArray() },
                new() { Value = changed.Select(link => link.KnownUntil).ToArray() },
                new() { Value = changed.Select(link => link.OccurredAt).ToArray() },
                Texts(link => link.Source),
                Texts(link => link.Id),
            },
        };

        NpgsqlParameter Texts(Func<Link, string> of) =>
            new() { Value = changed.Select(of).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar };
    }

    private static async Task<IReadOnlyList<Link>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        var links = new List<Link>();
        while (await reader.ReadAsync(ct))
            links.Add(new Link(
                reader.GetString(0), reader.GetString(1), reader.GetBoolean(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5),
                reader.GetString(6), reader.GetString(7)));
        return links;
    }
}

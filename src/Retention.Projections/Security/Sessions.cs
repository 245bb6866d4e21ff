using Npgsql;

namespace Retention.Projections.Security;

/// <summary>
/// The sessions of a process. Where the service signs in as somebody else than the owner of its tables, each begins in the role of its duty
/// and stays there; else all are of the one user there is.
/// </summary>
public sealed class Sessions : IAsyncDisposable
{
    // Of ten connections that a process may have: most requests read.
    private static readonly Dictionary<Duty, int> Shares = new() { [Duty.Read] = 5, [Duty.Append] = 3, [Duty.Project] = 1, [Duty.Administer] = 1 };

    private readonly Dictionary<Duty, NpgsqlDataSource> sources;
    private readonly (string Service, string Owner)? users;

    private Sessions(Dictionary<Duty, NpgsqlDataSource> sources, (string Service, string Owner)? users) => (this.sources, this.users) = (sources, users);

    /// <summary>Whether the service is not the owner of its tables.</summary>
    public bool AreDivided => users is not null;

    /// <summary>Of one user, who owns the tables.</summary>
    public static Sessions Of(NpgsqlDataSource source) => new(Enum.GetValues<Duty>().ToDictionary(duty => duty, _ => source), null);

    /// <summary>Of a user who owns nothing. The owner's are opened for migrations alone, and closed after them.</summary>
    /// <param name="service">Whose sessions handle requests and projections: a member of every duty's role.</param>
    /// <param name="owner">The owner of the schema.</param>
    /// <param name="open">Makes the source of a duty's sessions.</param>
    public static Sessions Divided(string service, string owner, Func<Duty, string, NpgsqlDataSource> open)
    {
        var all = new NpgsqlConnectionStringBuilder(service).MaxPoolSize;
        return new(Shares.ToDictionary(
            share => share.Key,
            share => open(share.Key, new NpgsqlConnectionStringBuilder(In(share.Key, service)) { MaxPoolSize = Math.Max(2, all * share.Value / 10) }.ConnectionString)),
            (service, owner));
    }

    public NpgsqlDataSource For(Duty duty) => sources[duty];

    /// <summary>How a session of a duty is opened that is not one of the source's.</summary>
    /// <param name="undivided">Where there is one user.</param>
    public string StringFor(Duty duty, string undivided) => users is { Service: var service } ? In(duty, service) : undivided;

    public async ValueTask DisposeAsync()
    {
        foreach (var source in sources.Values.Distinct()) await source.DisposeAsync();
    }

    /// <summary>The role in which a session of a duty is; <c>none</c> for its user's own rights.</summary>
    internal string RoleOf(Duty duty) => AreDivided ? duty.Role() : "none";

    /// <summary>A session that may change the schema.</summary>
    internal async Task<NpgsqlConnection> OpenAsOwnerAsync(CancellationToken ct) =>
        users is { Owner: var owner } ? await OpenAloneAsync(owner, ct) : await For(Duty.Read).OpenConnectionAsync(ct);

    /// <summary>Who signs in for requests; null where that is the owner.</summary>
    internal async Task<string?> UserAsync(CancellationToken ct)
    {
        if (users is not { Service: var service }) return null;
        await using var connection = await OpenAloneAsync(service, ct);
        await using var command = new NpgsqlCommand("select session_user::text", connection);
        return (string)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<NpgsqlConnection> OpenAloneAsync(string connectionString, CancellationToken ct)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "retention start" }.ConnectionString);
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The role is part of the session's start, so that no statement waits for it. A reset between two users of a session would lay it down on
    /// some servers, and is left out: sessions keep nothing that outlives a transaction.
    /// </summary>
    private static string In(Duty duty, string service)
    {
        var builder = new NpgsqlConnectionStringBuilder(service) { NoResetOnClose = true };
        builder.Options = $"{builder.Options} -c role={duty.Role()}".TrimStart();
        return builder.ConnectionString;
    }
}

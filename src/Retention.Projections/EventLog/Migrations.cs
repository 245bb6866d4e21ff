using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Npgsql;
using Retention.Projections.Running;
using Retention.Projections.Security;

namespace Retention.Projections.EventLog;

/// <summary>
/// Brings a place's schema to the version of this program: every embedded <c>NNNN-name.sql</c> that was not applied yet, in order of its
/// number. Forward only; one transaction, so that a failed step leaves the schema as it was. Steps are known by their numbers one by one: one
/// that lands after others of higher numbers is applied as well.
/// </summary>
public static partial class Migrations
{
    private const int OldestServer = 150_000;

    private static readonly SortedDictionary<int, string> Steps = Collect(typeof(Migrations).Assembly);

    /// <summary>The highest number that this program knows.</summary>
    public static int Newest => Steps.Keys.Last();

    /// <inheritdoc cref="ApplyAsync(Place, bool, CancellationToken)"/>
    public static Task ApplyAsync(Place place, CancellationToken ct = default) => ApplyAsync(place, allowFsyncOff: false, ct);

    /// <summary>Waits for other processes that migrate this schema, then applies what is missing and checks what the log needs.</summary>
    /// <param name="allowFsyncOff">Accept a server that can lose acknowledged events in a power cut: for throw-away data only.</param>
    /// <exception cref="NewerSchemaException">A step was applied that this program does not know; nothing was changed.</exception>
    /// <exception cref="UnfitServerException">The server is older than PostgreSQL 15 or without fsync, the sequence caches, or a role is missing.</exception>
    public static async Task ApplyAsync(Place place, bool allowFsyncOff, CancellationToken ct)
    {
        var user = await place.Sessions.UserAsync(ct);
        await using var connection = await place.Sessions.OpenAsOwnerAsync(ct);
        await RefuseUnfitAsync(connection, allowFsyncOff, ct);

        await using var transaction = await connection.BeginTransactionAsync(ct);
        await LockAsync(connection, place, ct);
        var applied = await AppliedAsync(connection, place, ct);
        if (applied.Except(Steps.Keys).ToList() is { Count: > 0 } unknown) throw new NewerSchemaException(place.Schema, unknown.Max(), Newest);

        foreach (var (version, sql) in Steps.Where(step => !applied.Contains(step.Key)))
        {
            await ExecuteAsync(connection, place.Qualify(sql), ct);
            await RecordAsync(connection, place, version, ct);
        }
        await RefuseCachingSequenceAsync(connection, place, ct);
        await StoreEpoch.KeepAsync(connection, place, ct);
        await Rights.ApplyAsync(connection, place, user, ct);
        await transaction.CommitAsync(ct);
    }

    private static async Task RefuseUnfitAsync(NpgsqlConnection connection, bool allowFsyncOff, CancellationToken ct)
    {
        var version = int.Parse(await ShowAsync(connection, "server_version_num", ct), CultureInfo.InvariantCulture);
        if (version < OldestServer)
            throw new UnfitServerException($"The server is PostgreSQL {version / 10_000}; {OldestServer / 10_000} or newer is needed.");
        if (!allowFsyncOff && await ShowAsync(connection, "fsync", ct) == "off")
            throw new UnfitServerException("The server runs with fsync=off: a power cut would lose acknowledged events; set fsync=on.");
    }

    private static async Task LockAsync(NpgsqlConnection connection, Place place, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1, 0))", connection);
        command.Parameters.AddWithValue($"{place.Schema}.schema_versions");
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The numbers applied, none for a schema that is new to us (Marten may have made its own tables in it).</summary>
    private static async Task<HashSet<int>> AppliedAsync(NpgsqlConnection connection, Place place, CancellationToken ct)
    {
        const string make = """
            create schema if not exists {schema};
            create table if not exists {schema}.schema_versions (version int not null primary key, applied_at timestamptz not null)
            """;
        await ExecuteAsync(connection, place.Qualify(make), ct);
        const string all = "select coalesce(array_agg(version), '{}') from {schema}.schema_versions";
        await using var read = new NpgsqlCommand(place.Qualify(all), connection);
        return [.. (int[])(await read.ExecuteScalarAsync(ct))!];
    }

    private static async Task RecordAsync(NpgsqlConnection connection, Place place, int version, CancellationToken ct)
    {
        const string record = "insert into {schema}.schema_versions (version, applied_at) values ($1, clock_timestamp())";
        await using var command = new NpgsqlCommand(place.Qualify(record), connection);
        command.Parameters.AddWithValue(version);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task RefuseCachingSequenceAsync(NpgsqlConnection connection, Place place, CancellationToken ct)
    {
        const string read = "select seqcache from pg_sequence where seqrelid = '{schema}.mt_events_sequence'::regclass";
        await using var command = new NpgsqlCommand(place.Qualify(read), connection);
        if (await command.ExecuteScalarAsync(ct) is not 1L)
            throw new UnfitServerException($"{place.Schema}.mt_events_sequence hands out blocks; run: alter sequence … cache 1.");
    }

    private static async Task<string> ShowAsync(NpgsqlConnection connection, string setting, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select current_setting($1)", connection);
        command.Parameters.AddWithValue(setting);
        return (string)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static SortedDictionary<int, string> Collect(Assembly assembly)
    {
        var steps = new SortedDictionary<int, string>();
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (FileName().Match(resource) is not { Success: true } match) continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            if (!steps.TryAdd(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), reader.ReadToEnd()))
                throw new InvalidOperationException($"Two migrations have the number of {resource}.");
        }
        return steps;
    }

    [GeneratedRegex(@"(?:\A|\.)(\d{4})-[a-z0-9-]+\.sql\z")]
    private static partial Regex FileName();
}

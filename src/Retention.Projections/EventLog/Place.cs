using System.Text.RegularExpressions;
using Npgsql;
using Retention.Domain.Definitions;
using Retention.Projections.ReadModels;
using Retention.Projections.Security;

namespace Retention.Projections.EventLog;

/// <summary>
/// A PostgreSQL database and a schema in it that together hold a complete log, histories and read models for a group of tenants. A
/// position belongs to its place; no transaction crosses places.
/// </summary>
public sealed partial class Place
{
    /// <summary>1 GB.</summary>
    public const long DefaultHistoryMemory = 1L << 30;

    public const int DefaultFoldsAtOnce = 4;

    private const string SchemaToken = "{schema}";

    /// <inheritdoc cref="Place(Sessions, string, long)"/>
    /// <param name="dataSource">Of the one user who reads and writes everything.</param>
    public Place(NpgsqlDataSource dataSource, string schema = "retention", long historyMemory = DefaultHistoryMemory)
        : this(Sessions.Of(dataSource), schema, historyMemory)
    {
    }

    /// <param name="schema">A plain lower-case identifier, since it is written into statements unquoted.</param>
    /// <exception cref="ArgumentException">The schema's name is not <c>[a-z_][a-z0-9_]*</c> of at most 63 characters.</exception>
    /// <param name="historyMemory">The most memory that histories held for folds may take together, in bytes.</param>
    public Place(Sessions sessions, string schema, long historyMemory = DefaultHistoryMemory)
    {
        if (!Identifier().IsMatch(schema))
            throw new ArgumentException($"'{schema}' is not a schema name: [a-z_][a-z0-9_]*, at most 63 characters.", nameof(schema));
        Sessions = sessions;
        Schema = schema;
        Copies = new HistoryCopies(this, historyMemory);
    }

    /// <summary>The sessions that read; what writes asks for those of its duty by <see cref="For"/>.</summary>
    public NpgsqlDataSource DataSource => For(Duty.Read);

    public string Schema { get; }

    /// <summary>The settings that count here, for those that the log holds: a replay can have been made by others.</summary>
    internal Func<Settings, Settings> SettingsOf { get; init; } = settings => settings;

    /// <summary>The memory that histories held for folds take, in bytes.</summary>
    public long HistoryBytes => Copies.Bytes;

    /// <summary>The owner of the projections on whose behalf this place is written; null for whoever writes at a user's word.</summary>
    internal long? Epoch { get; init; }

    /// <summary>How many folds of a tenant run at once; four times as many may wait.</summary>
    public int FoldsAtOnce
    {
        get;
        init => Turns = new FoldTurns(field = value);
    } = DefaultFoldsAtOnce;

    /// <summary>The most memory that histories of one tenant may take, in bytes; never more than all tenants may.</summary>
    public long TenantHistoryMemory { get; init; } = long.MaxValue;

    /// <summary>Whether questions are answered by the role that sees one tenant, see <see cref="Security.TenantRole"/>. Known once the schema is up to date.</summary>
    public bool HasTenantRole { get; internal set; }

    /// <summary>The place whose log this one was made from, which holds what replays have not; itself where it is no replay.</summary>
    internal Place Live { get => field ?? this; init; }

    internal Sessions Sessions { get; }

    internal HistoryCopies Copies { get; }

    internal FoldTurns Turns { get; private init; } = new(DefaultFoldsAtOnce);

    /// <summary>The statement with every <c>{schema}</c> replaced by this place's schema.</summary>
    public string Qualify(string sql) => sql.Replace(SchemaToken, Schema, StringComparison.Ordinal);

    /// <summary>The sessions of a duty.</summary>
    public NpgsqlDataSource For(Duty duty) => Sessions.For(duty);

    /// <summary>A command of its own connection and transaction, with <c>{schema}</c> replaced.</summary>
    /// <param name="duty">What it is for: one that writes says so.</param>
    public NpgsqlCommand Command(string sql, Duty duty = Duty.Read) => For(duty).CreateCommand(Qualify(sql));

    /// <summary>
    /// A statement about sessions, which are seen and ended by the user who has opened them, whatever role they are in. It is the second of
    /// the batch.
    /// </summary>
    internal NpgsqlBatch BatchOfUser(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var batch = For(Duty.Project).CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select set_config('role', 'none', true)"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Qualify(sql)));
        foreach (var parameter in parameters) batch.BatchCommands[1].Parameters.Add(parameter);
        return batch;
    }

    /// <summary>The same tables as a duty's sessions see them, whatever is done; it holds no histories.</summary>
    internal Place In(Duty duty) => new(For(duty), Schema, historyMemory: 0) { Epoch = Epoch };

    [GeneratedRegex(@"\A[a-z_][a-z0-9_]{0,62}\z")]
    private static partial Regex Identifier();
}

using System.Text.Json;

namespace Retention.Projections.Backups;

/// <summary>What a backup holds, beside its dump. Written last, so that a folder without it is no backup.</summary>
/// <param name="MadeAt">The database's clock at the snapshot that was dumped.</param>
/// <param name="Server">The version of the PostgreSQL that was dumped.</param>
/// <param name="Schema">Of the tables.</param>
/// <param name="Schemas">All that were dumped.</param>
/// <param name="SchemaVersion">The highest migration applied.</param>
/// <param name="Epoch">Of the store that was dumped; one that is restored has another.</param>
/// <param name="LastPosition">The highest position of an event; 0 without events.</param>
/// <param name="Reflected">The position up to which read models were.</param>
/// <param name="Roles">Roles that have rights in the dump besides the owner: restoring needs them, or makes them without a login.</param>
/// <param name="Sha256">Of the dump, in hexadecimal digits.</param>
public sealed record BackupManifest(
    DateTimeOffset MadeAt, string Server, string Schema, IReadOnlyList<string> Schemas, int SchemaVersion, Guid Epoch, long Events, long LastPosition, long Reflected, long Tenants,
    IReadOnlyList<string> Roles, long Bytes, string Sha256)
{
    /// <summary>The file of the manifest in the folder of a backup.</summary>
    public const string FileName = "manifest.json";

    /// <summary>The file of the dump, in pg_dump's custom format.</summary>
    public const string DumpName = "retention.dump";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <exception cref="BackupException">The folder holds no backup.</exception>
    public static async Task<BackupManifest> ReadAsync(string folder, CancellationToken ct)
    {
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file)) throw new BackupException($"{folder} holds no whole backup: there is no {FileName} in it.");
        try
        {
            await using var text = File.OpenRead(file);
            return await JsonSerializer.DeserializeAsync<BackupManifest>(text, Json, ct) ?? throw new BackupException($"{file} is empty.");
        }
        catch (JsonException e)
        {
            throw new BackupException($"{file} cannot be read: {e.Message}", e);
        }
    }

    internal Task WriteAsync(string folder, CancellationToken ct) => File.WriteAllTextAsync(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Json), ct);
}

/// <summary>A backup was not made or not restored; the message says why.</summary>
public sealed class BackupException(string message, Exception? inner = null) : Exception(message, inner);

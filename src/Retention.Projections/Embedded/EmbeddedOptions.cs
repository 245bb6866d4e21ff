namespace Retention.Projections.Embedded;

/// <summary>What an <see cref="EmbeddedPostgres"/> is asked to be.</summary>
/// <param name="DataFolder">
/// Where the data shall live; made when absent. As root, PostgreSQL runs as another user: where that user cannot reach this folder,
/// another one is chosen from its path, see <see cref="EmbeddedPostgres.DataFolder"/>.
/// </param>
/// <param name="Say">Receives a sentence, without a line end, for each step that takes time or deserves to be known.</param>
/// <param name="Throwaway">
/// True for a server whose data may be lost: nothing is flushed to disk, and the folder is removed when the server is disposed of or
/// this process dies.
/// </param>
/// <param name="Settings">PostgreSQL's settings by name, in the form of <c>postgresql.conf</c>; they win over the built-in ones.</param>
public sealed record EmbeddedOptions(
    string DataFolder,
    Action<string> Say,
    bool Throwaway = false,
    IReadOnlyDictionary<string, string>? Settings = null)
{
    /// <summary>A throwaway server in a new folder among the temporary files.</summary>
    public static EmbeddedOptions Temporary(Action<string> say) =>
        new(Path.Combine(Path.GetTempPath(), $"retention-{Guid.NewGuid().ToString("N")[..12]}"), say, Throwaway: true);
}

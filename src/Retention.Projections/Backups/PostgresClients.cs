using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using Retention.Projections.Embedded;

namespace Retention.Projections.Backups;

/// <summary>pg_dump and pg_restore of one version. Connections are told by the environment, since words are seen by every user of the machine.</summary>
internal sealed partial class PostgresClients
{
    private readonly string folder;

    private PostgresClients(string folder) => this.folder = folder;

    /// <summary>Programs of the server's own version, or else of the next newer one.</summary>
    /// <exception cref="BackupException">There are none.</exception>
    public static async Task<PostgresClients> FindAsync(int major, CancellationToken ct)
    {
        var found = new List<(int Major, string Folder)>();
        foreach (var candidate in await PostgresBinaries.FoldersAsync(ct))
        {
            if (await MajorInAsync(candidate, ct) is { } there && there >= major) found.Add((there, candidate));
        }
        return found.Count > 0
            ? new PostgresClients(found.MinBy(each => each.Major).Folder)
            : throw new BackupException(
                $"There is no pg_dump and pg_restore of PostgreSQL {major} or newer on this machine. Install them (on Debian or Ubuntu: apt-get install postgresql-client-{major}), "
                + $"or name their folder in {PostgresBinaries.FolderVariable}.");
    }

    /// <exception cref="BackupException">The program failed; the message holds what it said.</exception>
    public async Task RunAsync(string program, NpgsqlConnectionStringBuilder connection, IReadOnlyList<string> words, CancellationToken ct)
    {
        var start = new ProcessStartInfo(Path.Combine(folder, program), words) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        foreach (var (name, value) in EnvironmentOf(connection)) start.Environment[name] = value;
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start)!;
        try
        {
            var (errors, output) = (process.StandardError.ReadToEndAsync(ct), process.StandardOutput.ReadToEndAsync(ct));
            await process.WaitForExitAsync(ct);
            if (process.ExitCode != 0) throw new BackupException($"{program} failed: {(await errors + await output).Trim()}");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
    }

    private static IEnumerable<(string Name, string Value)> EnvironmentOf(NpgsqlConnectionStringBuilder connection)
    {
        (string, string?)[] all =
        [
            ("PGHOST", connection.Host), ("PGPORT", connection.Port.ToString(CultureInfo.InvariantCulture)), ("PGUSER", connection.Username), ("PGPASSWORD", connection.Password),
            ("PGDATABASE", connection.Database ?? connection.Username), ("PGPASSFILE", connection.Passfile), ("PGSSLROOTCERT", connection.RootCertificate),
            ("PGSSLCERT", connection.SslCertificate), ("PGSSLKEY", connection.SslKey),
            ("PGSSLMODE", connection.SslMode switch
            {
                SslMode.Disable => "disable", SslMode.Allow => "allow", SslMode.Require => "require", SslMode.VerifyCA => "verify-ca", SslMode.VerifyFull => "verify-full", _ => "prefer",
            }),
        ];
        return from pair in all where pair.Item2 is { Length: > 0 } select (pair.Item1, pair.Item2!);
    }

    private static async Task<int?> MajorInAsync(string folder, CancellationToken ct)
    {
        if (!File.Exists(Path.Combine(folder, "pg_restore"))) return null;
        try
        {
            using var process = Process.Start(new ProcessStartInfo(Path.Combine(folder, "pg_dump"), ["--version"]) { RedirectStandardOutput = true })!;
            var said = await process.StandardOutput.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return Number().Match(said) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex Number();
}

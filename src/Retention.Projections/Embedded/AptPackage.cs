using System.Globalization;
using System.Text.RegularExpressions;

namespace Retention.Projections.Embedded;

/// <summary>PostgreSQL from the packages of Debian or Ubuntu; needs root.</summary>
internal static partial class AptPackage
{
    // postgresql-common makes a cluster for each newly installed version and starts it at every boot, unless it reads this.
    private const string NoClusterFile = "/etc/postgresql-common/createcluster.d/retention.conf";
    private static readonly string[] AptGet = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"];

    /// <summary>Installs the package, without a cluster of its own, so that nothing is started.</summary>
    /// <returns>Why that was not possible, or null when it was done.</returns>
    public static async Task<string?> TryInstallAsync(int? major, Action<string> say, CancellationToken ct)
    {
        if (!Account.IsRoot)
            return "Installing packages needs root.";
        if ((await Account.Own.TryAsync(["apt-get", "--version"], ct)).ExitCode != 0)
            return "There is no apt-get.";
        say("PostgreSQL is missing: asking apt for it …");
        var update = await Account.Own.TryAsync([.. AptGet, "update"], ct);
        if (await CandidateAsync("postgresql", ct) is not { } offered)
            return $"apt knows no package postgresql ({Last(update)}).";
        if (offered < PostgresBinaries.OldestMajor || (major ?? offered) != offered)
            return $"apt offers PostgreSQL {offered}.";

        say($"Installing the package postgresql ({offered}), without a cluster of its own …");
        return await InstallAsync(ct);
    }

    private static async Task<string?> InstallAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(NoClusterFile)!);
        await File.WriteAllTextAsync(NoClusterFile, "create_main_cluster = false\n", ct);
        try
        {
            // An interrupted dpkg leaves half-configured packages, which nobody asked for.
            ct.ThrowIfCancellationRequested();
            string[] command = [.. AptGet, "install", "--no-install-recommends", "postgresql"];
            var install = await Account.Own.TryAsync(command, CancellationToken.None);
            return install.ExitCode == 0 ? null : $"apt-get install postgresql failed: {Last(install)}.";
        }
        finally
        {
            // The machine's own policy for versions that its administrator installs later stays as it was.
            File.Delete(NoClusterFile);
        }
    }

    private static async Task<int?> CandidateAsync(string package, CancellationToken ct)
    {
        var policy = await Account.Own.TryAsync(["apt-cache", "policy", package], ct);
        var match = Candidate().Match(policy.Output);
        return match.Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;
    }

    private static string Last(Account.Outcome outcome) =>
        (outcome.Errors + outcome.Output).Trim().Split('\n')[^1].TrimEnd('.');

    [GeneratedRegex(@"Candidate: (?:\d+:)?(\d+)")]
    private static partial Regex Candidate();
}

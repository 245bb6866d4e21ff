using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Retention.Projections.Embedded;

/// <summary>A user of the operating system, as whom commands are run. Another than our own needs root.</summary>
internal sealed record Account(string Name, int? Uid, int? Gid)
{
    /// <summary>The user that this process runs as.</summary>
    public static readonly Account Own = new(Environment.UserName, null, null);

    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>The user as whom root runs PostgreSQL: <c>postgres</c>, or <c>nobody</c> where that one is absent.</summary>
    public static async Task<Account> OfServerAsync(CancellationToken ct) =>
        !IsRoot ? Own
        : await NamedAsync("postgres", ct) ?? await NamedAsync("nobody", ct)
          ?? throw new PostgresUnavailableException(
              "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it as. "
              + "Add one, start the service as an ordinary user, or give the connection string of a server.");

    /// <summary>The owner of an existing folder.</summary>
    public static async Task<Account> OwningAsync(string folder, CancellationToken ct)
    {
        var parts = (await Own.RunAsync(["stat", "-c", "%U %u %g", folder], ct)).Trim().Split(' ');
        return new Account(parts[0], Number(parts[1]), Number(parts[2]));
    }

    /// <summary>Runs a command to its end; cancelling interrupts it, as Ctrl-C would.</summary>
    /// <returns>Its output.</returns>
    /// <exception cref="PostgresUnavailableException">It failed; the message holds what it printed.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> command, CancellationToken ct, string? input = null)
    {
        var outcome = await TryAsync(command, ct, input);
        return outcome.ExitCode == 0
            ? outcome.Output
            : throw new PostgresUnavailableException(
                $"{string.Join(' ', command)} failed with exit code {outcome.ExitCode}: {(outcome.Errors + outcome.Output).Trim()}");
    }

    /// <summary>Runs a command to its end, whatever that is; 127 stands for a program that does not exist.</summary>
    public async Task<Outcome> TryAsync(IReadOnlyList<string> command, CancellationToken ct, string? input = null)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            using var process = Start(command);
            try
            {
                return await FinishAsync(process, input, ct);
            }
            catch (OperationCanceledException)
            {
                // initdb removes what it has made so far, and pg_ctl takes back the server that it has launched.
                await InterruptAsync(process);
                throw;
            }
        }
        catch (Win32Exception absent)
        {
            return new Outcome(127, "", absent.Message);
        }
    }

    /// <summary>Starts a command whose three streams are pipes to this process.</summary>
    public Process Start(IReadOnlyList<string> command)
    {
        string[] prefix = Uid is null ? [] : ["setpriv", $"--reuid={Uid}", $"--regid={Gid}", "--clear-groups", "--"];
        var start = new ProcessStartInfo
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] words = [.. prefix, .. command];
        start.FileName = words[0];
        foreach (var word in words[1..])
            start.ArgumentList.Add(word);
        // PGDATA, PGPORT and their like would lead PostgreSQL's programs to somebody else's server.
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("PG", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        return Process.Start(start)!;
    }

    private static async Task<Outcome> FinishAsync(Process process, string? input, CancellationToken ct)
    {
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        await process.StandardInput.WriteAsync(input.AsMemory(), ct);
        process.StandardInput.Close();
        await process.WaitForExitAsync(ct);
        return new Outcome(process.ExitCode, await output, await errors);
    }

    private static async Task InterruptAsync(Process process)
    {
        await Own.TryAsync(["sh", "-c", $"kill -INT {process.Id}"], CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
    }

    private static async Task<Account?> NamedAsync(string name, CancellationToken ct)
    {
        var uid = await Own.TryAsync(["id", "-u", name], ct);
        var gid = await Own.TryAsync(["id", "-g", name], ct);
        return uid.ExitCode == 0 && gid.ExitCode == 0 ? new Account(name, Number(uid.Output), Number(gid.Output)) : null;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>How a command ended.</summary>
    public sealed record Outcome(int ExitCode, string Output, string Errors);
}

using System.CommandLine;
using System.Globalization;
using Retention.Api.Polling;
using Retention.Projections.Backups;

namespace Retention.Api.Commands;

/// <summary><c>retention backup DIR</c> and <c>retention restore DIR</c>.</summary>
internal static class BackupCommands
{
    private static readonly Option<string> Data = DataOption.Create();

    private static readonly Option<string?> Connection = new("--connection")
    {
        Description = "Connection string (Npgsql's form) of the PostgreSQL, as the owner of the tables, in place of the private one; RETENTION_OWNER_CONNECTION or RETENTION_CONNECTION say it unseen.",
        HelpName = "STRING",
    };

    private static readonly Argument<string> Folder = new("DIR") { Description = "The folder of the backup." };

    public static Command CreateBackup()
    {
        var command = new Command("backup", "Back up the whole store into a new folder, while the service runs or not. Exit codes: 0 made, 1 not.") { Folder, Data, Connection };
        command.SetAction((asked, ct) => DatabaseOf.RunAsync((asked.GetRequiredValue(Data), asked.GetValue(Connection)), alone: false, async connection =>
        {
            var made = await Backup.MakeAsync(connection, asked.GetRequiredValue(Folder), ct: ct);
            Say("Backed up", made);
            Screen.Say(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFullPath(asked.GetRequiredValue(Folder))}: {made.Bytes / 1e6:n1} MB, SHA-256 {made.Sha256}"));
            return 0;
        }, ct));
        return command;
    }

    public static Command CreateRestore()
    {
        var check = new Option<bool>("--check") { Description = "Only look whether the backup is whole; nothing is restored." };
        var command = new Command(
            "restore", "Restore a backup into an empty data folder, or an empty database; the service must not run. Exit codes: 0 restored, 1 not.")
        {
            Folder, check, Data, Connection,
        };
        command.SetAction((asked, ct) => asked.GetValue(check)
            ? CheckAsync(asked.GetRequiredValue(Folder), ct)
            : DatabaseOf.RunAsync((asked.GetRequiredValue(Data), asked.GetValue(Connection)), alone: true, async connection =>
            {
                var restored = await Restore.RunAsync(connection, asked.GetRequiredValue(Folder), ct);
                Say("Restored", restored.From);
                Screen.Say($"The store's epoch is {EpochGate.Short(restored.Epoch)}: cursors, and positions sent with the epoch of before ({EpochGate.Short(restored.From.Epoch)}), are answered with 410.");
                if (restored.RightsLeftOut.Count > 0)
                    Screen.Say($"No rights were brought back, since these roles are missing and may not be made here: {string.Join(", ", restored.RightsLeftOut)}.");
                return 0;
            }, ct));
        return command;
    }

    private static async Task<int> CheckAsync(string folder, CancellationToken ct)
    {
        try
        {
            Say("Whole:", await Backup.CheckAsync(folder, ct));
            return 0;
        }
        catch (Exception fault) when (fault is BackupException or IOException or UnauthorizedAccessException)
        {
            return Screen.Fail(fault.Message);
        }
    }

    private static void Say(string done, BackupManifest manifest) => Screen.Say(string.Create(
        CultureInfo.InvariantCulture,
        $"{done} {manifest.Events:n0} events of {manifest.Tenants:n0} tenants up to position {manifest.LastPosition}, reflected up to {manifest.Reflected}, as of {manifest.MadeAt:u}."));
}

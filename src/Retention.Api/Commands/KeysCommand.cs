using System.CommandLine;
using System.Globalization;
using Npgsql;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Projections.EventLog;
using Retention.Projections.Security;
using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary>
/// <c>retention keys create|list|revoke|unlock</c>: the keys to the HTTP API, made in the database itself, so that who has the data folder or the
/// connection string can make the first one. Works whether the service runs or not.
/// </summary>
internal static class KeysCommand
{
    private static readonly Option<string> Data = DataOption.Create();

    private static readonly Option<string?> Connection = new("--connection")
    {
        Description = "Connection string (Npgsql's form) of the PostgreSQL that the service was given, as the owner of its tables, in place of its private one.",
        HelpName = "STRING",
    };

    public static Command Create() => new("keys", "Make, list and revoke keys to the HTTP API. Once one was made, every request needs one.") { Making(), Listing(), Revoking(), Unlocking() };

    private static Command Making()
    {
        var tenant = new Option<string>("--tenant") { Description = "The tenant that the key speaks for; made where it is new.", DefaultValueFactory = _ => "default", HelpName = "T" };
        var scopes = new Option<string[]>("--scope")
        {
            Description = "What the key allows; repeat it for more than one.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        scopes.AcceptOnlyFromAmong([.. Scopes.All]);
        var name = new Option<string>("--name") { Description = "What to call it in lists.", DefaultValueFactory = _ => "", HelpName = "NAME" };
        var command = new Command("create", "Make a key and print it, this once. Exit codes: 0 made, 1 not.") { tenant, scopes, name, Data, Connection };
        command.SetAction((asked, ct) => RunAsync(asked, async place =>
        {
            var (owner, allowed) = (asked.GetRequiredValue(tenant), Scopes.All.Intersect(asked.GetRequiredValue(scopes)).ToArray());
            if (!Tenant.IsName(owner)) return Screen.Fail($"--tenant must be {Tenant.Allowed}.");
            var (key, text) = await new ApiKeys(place).CreateAsync(owner, asked.GetRequiredValue(name), allowed, ct);
            await RecordAsync(place, owner, new AdminAct("keys create", "command line", key.Prefix, allowed), ct);
            Screen.Say(text);
            return 0;
        }, ct));
        return command;
    }

    private static Command Listing()
    {
        var tenant = new Option<string?>("--tenant") { Description = "Only the keys of this tenant.", HelpName = "T" };
        var command = new Command("list", "List the keys by their prefixes. Exit codes: 0 listed, 1 not.") { tenant, Data, Connection };
        command.SetAction((asked, ct) => RunAsync(asked, async place =>
        {
            var table = new Table().AddColumns("prefix", "tenant", "name", "scopes", "created", "revoked");
            foreach (var key in (await new ApiKeys(place).AllAsync(ct)).Where(key => asked.GetValue(tenant) is not { } wanted || key.Tenant == wanted))
                table.AddRow(
                    key.Prefix, key.Tenant, key.Name.EscapeMarkup(), string.Join(' ', key.Scopes), key.CreatedAt.ToString("u", CultureInfo.InvariantCulture),
                    key.RevokedAt?.ToString("u", CultureInfo.InvariantCulture) ?? "");
            Screen.Out.Write(table);
            return 0;
        }, ct));
        return command;
    }

    private static Command Revoking()
    {
        var prefix = new Argument<string>("PREFIX") { Description = "The key's prefix, as retention keys list shows it." };
        var command = new Command("revoke", "Revoke a key for ever; requests with it are refused within two seconds. Exit codes: 0 revoked, 1 not.") { prefix, Data, Connection };
        command.SetAction((asked, ct) => RunAsync(asked, async place =>
        {
            var revoked = asked.GetRequiredValue(prefix);
            if (await new ApiKeys(place).RevokeAsync(revoked, ct) is not { } tenant) return Screen.Fail($"There is no key {revoked} that is not revoked.");
            await RecordAsync(place, tenant, new AdminAct("keys revoke", "command line", revoked), ct);
            Screen.Say($"The key {revoked} of tenant {tenant} is revoked.");
            return 0;
        }, ct));
        return command;
    }

    private static Command Unlocking()
    {
        var command = new Command(
            "unlock", "Answer without keys on the loopback interface again, as before the first one was made; all keys must be revoked, or gone with their tenants. Exit codes: 0 unlocked, 1 not.")
        {
            Data, Connection,
        };
        command.SetAction((asked, ct) => RunAsync(asked, async place =>
        {
            if (!await new ApiKeys(place).UnlockAsync(ct)) return Screen.Fail("There are keys that are not revoked; retention keys list shows them.");
            Screen.Say("The service answers without a key on the loopback interface, within a second.");
            return 0;
        }, ct));
        return command;
    }

    private static Task<long> RecordAsync(Place place, string tenant, AdminAct act, CancellationToken ct) =>
        new AdminActs(new EventLog(place), TimeProvider.System).RecordAsync(tenant, act, ct);

    private static Task<int> RunAsync(ParseResult asked, Func<Place, Task<int>> work, CancellationToken ct) =>
        DatabaseOf.RunAsync((asked.GetRequiredValue(Data), asked.GetValue(Connection)), alone: false, connection => InAsync(connection, work, ct), ct);

    private static async Task<int> InAsync(string connection, Func<Place, Task<int>> work, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        var place = new Place(source);
        await Migrations.ApplyAsync(place, ct);
        return await work(place);
    }
}

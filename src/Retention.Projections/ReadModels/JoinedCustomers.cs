using Npgsql;
using Retention.Domain.Customers;
using Retention.Projections.EventLog;

namespace Retention.Projections.ReadModels;

/// <summary>A customer with everything that is known of it, under whichever of its ids.</summary>
/// <param name="Id">The id that it goes by; its own where it is merged with nobody.</param>
/// <param name="Members">All of its ids, in ordinal order.</param>
/// <param name="History">With names and details; entries that are not known (any more) are in it, as in every history.</param>
/// <param name="Links">What was ever said about who its members are.</param>
public sealed record JoinedCustomer(string Id, IReadOnlyList<string> Members, CustomerHistory History, IReadOnlyList<Link> Links);

/// <summary>Joins the histories of customers that are one.</summary>
internal static class JoinedCustomers
{
    /// <summary>
    /// The customers of a tenant of whom any merge was ever known, as of a position: whoever folds all histories leaves all of their
    /// members out and takes these instead. Those without a history are left out.
    /// </summary>
    /// <param name="supposed">What is supposed to be known of merges; null for what is.</param>
    public static async Task<IReadOnlyList<JoinedCustomer>> JoinedAsync(
        NpgsqlConnection connection, Place place, (string Tenant, long KnownAt) of, Supposition? supposed, CancellationToken ct)
    {
        var links = await CustomerLinks.AllAsync(connection, place, of.Tenant, ct);
        if (supposed is not null) links = supposed.Of(links);
        if (links.Count == 0) return [];
        return await JoinAsync(connection, place, of.Tenant, (links, [.. Identities.Of(links, of.KnownAt).All]), ct);
    }

    /// <summary>The customer that an id is of; null where nothing had been sent by then for it, or for anybody that it is merged with.</summary>
    public static async Task<JoinedCustomer?> OneAsync(
        NpgsqlConnection connection, Place place, (string Tenant, string Customer, long KnownAt) of, CancellationToken ct)
    {
        var links = await CustomerLinks.AroundAsync(connection, place, (of.Tenant, [of.Customer]), ct);
        var identity = Identities.Of(links, of.KnownAt).Of(of.Customer);
        var joined = (await JoinAsync(connection, place, of.Tenant, (links, [identity]), ct)).SingleOrDefault();
        return joined?.History.Entries.Any(entry => entry.KnownFrom <= of.KnownAt) == true ? joined : null;
    }

    /// <summary>Customers by the ids that they go by; those of whom nothing is stored are left out.</summary>
    public static async Task<IReadOnlyDictionary<string, JoinedCustomer>> OfAsync(
        NpgsqlConnection connection, Place place, (string Tenant, string[] Customers, long KnownAt) of, CancellationToken ct)
    {
        var links = await CustomerLinks.AroundAsync(connection, place, (of.Tenant, of.Customers), ct);
        var identities = Identities.Of(links, of.KnownAt);
        var joined = await JoinAsync(connection, place, of.Tenant, (links, [.. of.Customers.Select(identities.Of).DistinctBy(identity => identity.Id)]), ct);
        return joined.ToDictionary(customer => customer.Id, StringComparer.Ordinal);
    }

    private static async Task<IReadOnlyList<JoinedCustomer>> JoinAsync(
        NpgsqlConnection connection, Place place, string tenant, (IReadOnlyList<Link> Links, IReadOnlyList<Identity> Identities) of, CancellationToken ct)
    {
        var histories = await CustomerHistories.OfAsync(connection, place, (tenant, [.. of.Identities.SelectMany(identity => identity.Members)]), ct);
        var links = of.Links.ToLookup(link => link.Customer, StringComparer.Ordinal);
        return
        [
            .. from identity in of.Identities
               let own = identity.Members.Select(histories.GetValueOrDefault).OfType<CustomerHistory>().ToList()
               where own.Count > 0
               select new JoinedCustomer(
                   identity.Id, identity.Members, own is [var one] ? one : CustomerHistory.Joined(own), [.. identity.Members.SelectMany(member => links[member])]),
        ];
    }
}

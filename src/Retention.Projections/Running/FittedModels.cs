using Retention.Domain.Clv;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>A fit as the log holds it.</summary>
/// <param name="FittedAt">When it was recorded.</param>
public sealed record FittedModel(ClvModelFitted Fit, long Position, DateTimeOffset FittedAt);

/// <summary>The fitted models of tenants, each an event in the tenant's stream <c>models</c>.</summary>
public sealed class FittedModels(EventLog.EventLog log, TimeProvider time)
{
    private static readonly OwnEvents Fits = new(CustomerStream.Models, ClvModelFitted.Name, typeof(ClvModelFitted), ClvModelFitted.SchemaVersion);

    /// <summary>Every fit that a tenant ever made, in order.</summary>
    /// <param name="upTo">The log position up to which events are known.</param>
    /// <exception cref="UnreadableEventException">One of them cannot be read.</exception>
    public async Task<IReadOnlyList<FittedModel>> AllAsync(string tenant, long upTo, CancellationToken ct)
    {
        var stored = await log.ReadStreamAsync(tenant, CustomerStream.Models, ct: ct);
        return [.. stored.Where(item => item.Type == ClvModelFitted.Name && item.Position <= upTo).Select(Read)];
    }

    /// <summary>
    /// The fit that scores as of a moment are made by: the last one made by then. As of a moment before the first was made, it is the last
    /// one whose observation had ended, so that the past can be scored by what could have been known. A fit never speaks of a moment before
    /// its own observation ended.
    /// </summary>
    /// <param name="model">Null for any.</param>
    /// <returns>Null where there is none.</returns>
    public static FittedModel? InForce(IReadOnlyList<FittedModel> all, DateTimeOffset moment, Func<ClvModelFitted, bool>? model = null)
    {
        var candidates = all.Where(fitted => (model is null || model(fitted.Fit)) && fitted.Fit.ObservedUntil() <= moment).ToList();
        return candidates.FindLast(fitted => fitted.FittedAt <= moment) ?? candidates.LastOrDefault();
    }

    /// <summary>Stores a fit; one that another process makes at the same time is stored before or after it.</summary>
    public async Task<FittedModel> AppendAsync(string tenant, ClvModelFitted fit, CancellationToken ct)
    {
        while (true)
        {
            var version = (await log.ReadLastAsync(tenant, CustomerStream.Models, ct))?.Version ?? 0;
            try
            {
                var appended = await log.AppendAsync(tenant, [Event(tenant, fit, version)], AppendMode.AllOrNone, ct);
                if (appended[0] is Appended.Stored stored)
                    return Read((await log.ReadStreamAsync(tenant, CustomerStream.Models, stored.Version, ct))[0]);
            }
            catch (VersionConflictException)
            {
                // Another fit came first, as it does where the id of the version is taken; this one follows it.
            }
        }
    }

    private static FittedModel Read(StoredEvent stored)
    {
        if (stored.Fault is { } reason) throw new UnreadableEventException(stored, reason);
        try
        {
            return new FittedModel(ClvModelFitted.Read(stored.Data), stored.Position, stored.RecordedAt);
        }
        catch (InvalidDataException e)
        {
            throw new UnreadableEventException(stored, e.Message, e);
        }
    }

    private NewEvent Event(string tenant, ClvModelFitted fit, long version) =>
        Fits.Happened((tenant, $"clv-model-{version + 1}"), fit.ToData(), time.GetUtcNow(), version);
}

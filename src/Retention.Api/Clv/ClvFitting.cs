using System.Text.Json;
using Retention.Domain.Clv;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Running;

namespace Retention.Api.Clv;

/// <summary>Fits purchase models to tenants, each fit an event of the log.</summary>
public sealed class ClvFitting(EventLog log, Progress progress, FittedModels models, Place place, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Fits to everything that was acknowledged before, and returns once the fit is reflected.</summary>
    /// <param name="wish">What to fit, told the tenant's last day that is over.</param>
    /// <exception cref="ProblemException">422 for a sample that no model fits; 503 when projections stay behind.</exception>
    public async Task<FittedModel> FitAsync(string tenant, Func<DateOnly, ClvFitRequest> wish, CancellationToken ct)
    {
        var issued = await log.LastIssuedAsync(ct);
        if (!await progress.ReachedAsync(tenant, issued, Patience, ct))
            throw new ProblemException(503, "behind", $"Projections have not reached position {issued} within {Patience.TotalSeconds} s.") { RetryAfter = 5 };
        var (asked, definition, sample, trainedAt) = await SampleAsync(tenant, wish, ct);
        var (fitted, refused) = ClvTraining.Fit(sample, asked, (definition, trainedAt));
        if (fitted is null)
        {
            var code = JsonNamingPolicy.SnakeCaseLower.ConvertName(refused!.Reason.ToString());
            throw new ProblemException(422, code, $"The fit is refused: {refused.Explanation}", new Fault("", code, refused.Explanation));
        }
        var stored = await models.AppendAsync(tenant, fitted, ct);
        progress.Nudge();
        await progress.ReachedAsync(tenant, stored.Position, Patience, ct);
        return stored;
    }

    /// <summary>The sample is read at one look at the tenant, which ends before the fit begins.</summary>
    private async Task<(ClvFitRequest Asked, Definition Definition, ClvSample Sample, long TrainedAt)> SampleAsync(
        string tenant, Func<DateOnly, ClvFitRequest> wish, CancellationToken ct)
    {
        await using var snapshot = await Snapshot.OpenAsync(place, tenant, ct);
        var definition = snapshot.Reflection.Settings.ToDefinition();
        var asked = wish(definition.Calendar.DayOf(time.GetUtcNow().UtcTicks).AddDays(-1));
        return (asked, definition, await PurchaseSpanCells.SampleAsync(snapshot, definition, asked.ObservationEnd, ct), snapshot.Reflection.Position);
    }
}

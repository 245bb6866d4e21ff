using System.Text.Json;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Clv;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.Running;

namespace Retention.Api.Clv;

/// <summary>The days that forecasts are held against, half-open.</summary>
public sealed record HoldOutFigures(DateOnly From, DateOnly To, int Days);

/// <summary>The fit to the calibration; it is not stored.</summary>
public sealed record CalibrationFit(
    string Model, IReadOnlyDictionary<string, double> Parameters, string TimeUnit, double LogLikelihood, double GradientNorm, IReadOnlyList<string> Diagnostics);

/// <summary>Deciles by what was expected, and how far forecasts were off: in purchase days per customer.</summary>
public sealed record EvaluationAnswer : AnswerShape<Decile>
{
    public required DateOnly CalibrationEnd { get; init; }

    public required HoldOutFigures HoldOut { get; init; }

    public required CalibrationFit Fit { get; init; }

    public required long Customers { get; init; }

    /// <summary>Purchase days of all customers in the hold-out, by the model.</summary>
    public required double Expected { get; init; }

    public required long Actual { get; init; }

    public required double MeanAbsoluteError { get; init; }

    public required double Bias { get; init; }

    /// <summary>The same for everybody going on at last year's rate.</summary>
    public required Accuracy Naive { get; init; }

    public required double Brier { get; init; }

    public required double BrierOfBaseRate { get; init; }
}

/// <summary>
/// <c>GET /v1/models/clv/evaluation</c>: a model is fitted to what was known at the end of a calibration, and its forecasts are held
/// against the time after it. Nothing is stored.
/// </summary>
public static class EvaluationEndpoint
{
    private const int LongestHoldOut = 3_650;

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, FittedModels models)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new("model", "split", "horizon") { Periods = false, Groups = false });
        var model = request.Query.Choice("model", PurchaseModels.Names) ?? await InForceAsync(request, models, http.RequestAborted);
        var split = await SplitAsync(request, http.RequestAborted);
        var sample = await SampleAsync(request, split, http.RequestAborted);
        var (fitted, refused) = ClvTraining.Fit(
            ClvSample.Of(sample.Customers), new ClvFitRequest(model, "day", split.CalibrationEnd), (request.Question.Definition, ScoringRequest.KnownAt(request)));
        if (fitted is null)
        {
            var code = JsonNamingPolicy.SnakeCaseLower.ConvertName(refused!.Reason.ToString());
            throw new ProblemException(409, code, $"No model can be fitted to the calibration up to {split.CalibrationEnd:yyyy-MM-dd}: {refused.Explanation}", new Fault("split", code, refused.Explanation));
        }
        return Answer(request, split, fitted, sample.Evaluate(fitted.ToModel())!);
    }

    private static async Task<string> InForceAsync(MetricRequest request, FittedModels models, CancellationToken ct)
    {
        var all = await models.AllAsync(request.Snapshot.Tenant, ScoringRequest.KnownAt(request), ct);
        return FittedModels.InForce(all, request.Question.AsOf.Moment)?.Fit.Model ?? PurchaseModels.Default;
    }

    /// <summary>The cut asked for; by default the calibration is the first half of the time with purchases, and the hold-out lasts to the last one.</summary>
    private static async Task<Split> SplitAsync(MetricRequest request, CancellationToken ct)
    {
        var (query, lastWhole) = (request.Query, request.Question.AsOf.Day.AddDays(-1));
        var (end, days) = (query.Date("split"), (int?)query.Whole("horizon", 1, LongestHoldOut));
        query.Done();
        if (end is null || days is null)
        {
            var folded = await request.Snapshot.FoldAsync(request.Question, () => new PurchaseRange(), (customer, range) => range.Add(customer), ct);
            if (folded.Single().Cells.Days is not { } range) throw new ProblemException(409, "no_customers", "There is no customer to evaluate a forecast with.");
            var last = range.Last < lastWhole ? range.Last : lastWhole;
            end ??= range.First.AddDays((last.DayNumber - range.First.DayNumber) / 2);
            days ??= Math.Clamp(last.DayNumber - end.Value.DayNumber, 1, LongestHoldOut);
        }
        var split = new Split(end.Value, days.Value);
        if (split.HoldOutEnd > lastWhole)
        {
            query.Fault(query.Has("split") ? "split" : "horizon", "not_observable", $"leaves no whole hold-out: its {days} days would end on {split.HoldOutEnd:yyyy-MM-dd}, and the last day that is over is {lastWhole:yyyy-MM-dd}");
            query.Done();
        }
        return split;
    }

    private static async Task<HoldOutSample> SampleAsync(MetricRequest request, Split split, CancellationToken ct)
    {
        var (definition, calendar, known) = (request.Question.Definition, request.Question.Definition.Calendar, ScoringRequest.KnownAt(request));
        var holdOutOver = calendar.StartOf(split.HoldOutEnd.AddDays(1)).UtcTicks;
        var question = request.Question with { AsOf = AsOf.In(calendar, calendar.StartOf(split.CalibrationEnd.AddDays(1))) };
        var folded = await request.Snapshot.FoldAsync(
            question, () => new HoldOutSample(split, new CustomerView(definition, holdOutOver, known)), (customer, sample) => sample.Add(customer), ct);
        return folded.Single().Cells;
    }

    private static IResult Answer(MetricRequest request, Split split, ClvModelFitted fitted, HoldOutResult result)
    {
        var parameters = request.Parameters();
        parameters["model"] = fitted.Model;
        parameters["split"] = split.CalibrationEnd;
        parameters["horizon"] = split.Days;
        return MetricAnswer.Of(
            request, Catalogue.ClvEvaluation, parameters, result.Deciles,
            [
                new("calibrationEnd", split.CalibrationEnd), new("holdOut", new HoldOutFigures(split.CalibrationEnd.AddDays(1), split.HoldOutEnd.AddDays(1), split.Days)),
                new("fit", new CalibrationFit(fitted.Model, fitted.Parameters, fitted.TimeUnit, fitted.LogLikelihood, fitted.GradientNorm, fitted.Diagnostics)),
                new("customers", result.Customers), new("expected", result.Expected), new("actual", result.Actual),
                new("meanAbsoluteError", result.Model.MeanAbsoluteError), new("bias", result.Model.Bias),
                new("naive", result.Naive), new("brier", result.Brier), new("brierOfBaseRate", result.BrierOfBaseRate),
            ]);
    }
}

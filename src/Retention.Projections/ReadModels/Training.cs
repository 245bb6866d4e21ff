using Retention.Domain.Clv;
using Retention.Domain.Definitions;

namespace Retention.Projections.ReadModels;

/// <summary>What the predictive models learn from, as a look at a tenant shows it.</summary>
public static class Training
{
    /// <summary>The sample at the end of a day.</summary>
    public static async Task<ClvSample> SampleAsync(Snapshot snapshot, Definition definition, DateOnly observationEnd, CancellationToken ct)
    {
        var question = new Question(
            definition, AsOf.In(definition.Calendar, definition.Calendar.StartOf(observationEnd.AddDays(1))), definition.By(Grain.Month));
        return ClvSample.Of(await ObservedAsync(snapshot, question, observationEnd, ct));
    }

    /// <summary>The customers whom a question selects, as the models see them at its moment; in no particular order.</summary>
    public static async Task<IReadOnlyList<CustomerPurchases>> ObservedAsync(Snapshot snapshot, Question question, DateOnly observationEnd, CancellationToken ct)
    {
        var folded = await snapshot.FoldAsync(question with { GroupBy = null }, () => new ObservedCustomers(), (customer, observed) =>
        {
            if (CustomerPurchases.Of(customer, observationEnd) is { } purchases) observed.Add(purchases);
        }, ct);
        return folded.Single().Cells.Customers;
    }
}

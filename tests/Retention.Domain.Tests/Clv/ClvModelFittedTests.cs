using System.Text.Json;
using Retention.Domain.Clv;
using Retention.Domain.Definitions;

namespace Retention.Domain.Tests.Clv;

public class ClvModelFittedTests
{
    private static readonly Definition Helsinki = Definition.Default with { Calendar = Calendar.In("Europe/Helsinki")! };

    [Theory]
    [InlineData("bg-nbd")]
    [InlineData("mbg-nbd")]
    [InlineData("pareto-nbd")]
    public void A_fit_is_read_back_to_the_last_bit(string name)
    {
        var fitted = Fit(name, [.. Simulated.Customers(new MbgNbd(.6, 90, .8, 2.4), 4_000, (1, 700), seed: 5)]);

        var read = ClvModelFitted.Read(JsonSerializer.Deserialize<JsonElement>(fitted.ToData()));

        read.ToModel().ShouldBe(fitted.ToModel());
        read.ToValue().ShouldBe(fitted.ToValue());
        (read.Model, read.LogLikelihood, read.TrainedAt, read.Boundary).ShouldBe((name, fitted.LogLikelihood, 77, "none"));
        read.ObservedUntil().ShouldBe(new DateTimeOffset(2025, 7, 1, 0, 0, 0, TimeSpan.FromHours(3)));
        read.StandardErrors!.Keys.ShouldBe(PurchaseModels.ParameterNames(read.ToModel()));
    }

    [Fact]
    public void Where_nothing_was_paid_there_is_a_model_of_purchases_alone()
    {
        var fitted = Fit("bg-nbd", [.. Simulated.Customers(new MbgNbd(.6, 90, .8, 2.4), 4_000, (1, 700), seed: 5)]);

        fitted.Spend.ShouldBeNull();
        fitted.Diagnostics.ShouldHaveSingleItem().ShouldStartWith("no_spend");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"model":"nbd","timeUnit":"day","definition":"UTC|Monday|90|Order","parameters":{}}""")]
    [InlineData("""{"model":"bg-nbd","timeUnit":"day","definition":"UTC|Monday|90|Order","parameters":{"r":1,"alpha":1,"a":1}}""")]
    [InlineData("""{"model":"bg-nbd","timeUnit":"hour","definition":"UTC|Monday|90|Order","parameters":{"r":1,"alpha":1,"a":1,"b":1}}""")]
    [InlineData("""{"model":"bg-nbd","timeUnit":"day","definition":"Mars","parameters":{"r":1,"alpha":1,"a":1,"b":1}}""")]
    public void What_nothing_can_be_scored_by_is_no_fit(string data) =>
        Should.Throw<InvalidDataException>(() => ClvModelFitted.Read(JsonSerializer.Deserialize<JsonElement>(data)));

    private static ClvModelFitted Fit(string name, IReadOnlyList<PurchasePattern> patterns)
    {
        var sample = ClvSample.Of([.. patterns.Select(pattern => new CustomerPurchases(pattern.Frequency, pattern.AgeAtLastPurchase, pattern.Age))]);
        return ClvTraining.Fit(sample, new ClvFitRequest(name, "day", new DateOnly(2025, 6, 30)), (Helsinki, 77)).Fitted!;
    }
}

using System.Diagnostics;
using Retention.Domain.Clv;

namespace Retention.Benchmarks.Clv;

/// <param name="Sample">The CDNOW sample's file; null: as many customers are simulated.</param>
/// <param name="Repeat">How often each measurement is taken; its median counts.</param>
/// <param name="Only">Only data sets whose name contains this; null: all.</param>
internal sealed record ClvOptions(FileInfo? Sample, int Repeat, string? Only, FileInfo? Json);

/// <summary>Measures the fits and scores of the predictive models, from small data to large, so that the first warm the code up.</summary>
internal sealed class ClvBenchmark(ClvOptions options)
{
    private static readonly Horizon Year = new(365, 0.1);

    private readonly ClvReport report = new();

    public static void Run(ClvOptions options)
    {
        var benchmark = new ClvBenchmark(options);
        foreach (var (name, customers) in Samples.All(options.Sample))
        {
            if (options.Only is null || name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)) benchmark.Measure(name, customers());
        }
        benchmark.report.Print(options.Json);
    }

    private void Measure(string data, CustomerPurchases[] customers)
    {
        var statistics = Time(data, "patterns from customers", customers.Length, () =>
            PurchaseStatistics.Of(customers.Select(customer => customer.Pattern)));
        Time(data, "BG/NBD fit", statistics.Rows, () => BgNbd.Fit(statistics));
        var mbg = Accepted(Time(data, "MBG/NBD fit", statistics.Rows, () => MbgNbd.Fit(statistics)));
        var pareto = Accepted(Time(data, "Pareto/NBD fit", statistics.Rows, () => ParetoNbd.Fit(statistics)));
        var spends = customers.Where(customer => customer.Frequency > 0)
            .Select(customer => new RepeatSpend(customer.Frequency, customer.MeanRepeatValue ?? 0)).ToArray();
        var value = Accepted(Time(data, "Gamma-Gamma fit", spends.Length, () => GammaGamma.Fit(spends)));
        Time(data, "all scores, MBG/NBD", customers.Length, () => Scoring.All(mbg, value, customers, Year));
        Time(data, "all scores, Pareto/NBD", customers.Length, () => Scoring.All(pareto, value, customers, Year));
    }

    private T Time<T>(string data, string what, int rows, Func<T> work)
    {
        var seconds = new List<double>();
        var result = work();
        for (var round = 0; round < options.Repeat; round++)
        {
            var watch = Stopwatch.StartNew();
            result = work();
            seconds.Add(watch.Elapsed.TotalSeconds);
        }
        seconds.Sort();
        using var process = Process.GetCurrentProcess();
        report.Add(new ClvFigure(data, what, rows, seconds[seconds.Count / 2], process.PeakWorkingSet64));
        return result;
    }

    private static TModel Accepted<TModel>(Fit<TModel> fit) => fit switch
    {
        Fit<TModel>.Accepted accepted => accepted.Model,
        Fit<TModel>.Refused refused => throw new InvalidOperationException($"The fit of the benchmark's data was refused: {refused.Explanation}"),
        _ => throw new UnreachableException(),
    };
}

using System.Diagnostics;

namespace Retention.Domain.Clv;

/// <summary>The purchase models by the names that they are asked for and stored by.</summary>
public static class PurchaseModels
{
    private const string Bg = "bg-nbd";
    private const string Mbg = "mbg-nbd";
    private const string Pareto = "pareto-nbd";

    public static IReadOnlyList<string> Names { get; } = [Bg, Mbg, Pareto];

    /// <summary>The model where none is asked for: the fastest of those whose P(alive) falls for everybody who stays away.</summary>
    public const string Default = Mbg;

    /// <summary>Whether P(alive) of customers without a repeat purchase says anything, see <see cref="BgNbd"/>.</summary>
    public static bool CanRankRisk(string name) => name != Bg;

    /// <summary>The maximum of the likelihood of the model with a name, one of <see cref="Names"/>.</summary>
    public static Fit<PurchaseModel> Fit(string name, PurchaseStatistics statistics, TimeUnit unit) => name switch
    {
        Bg => BgNbd.Fit(statistics, unit).Select(PurchaseModel (model) => model),
        Mbg => MbgNbd.Fit(statistics, unit).Select(PurchaseModel (model) => model),
        Pareto => ParetoNbd.Fit(statistics, unit).Select(PurchaseModel (model) => model),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, $"is not one of {string.Join(", ", Names)}"),
    };

    /// <summary>The model with a name and the parameters that <see cref="ParametersOf"/> has named.</summary>
    /// <exception cref="KeyNotFoundException">A parameter is missing.</exception>
    public static PurchaseModel Of(string name, IReadOnlyDictionary<string, double> parameters, TimeUnit unit) => name switch
    {
        Bg => new BgNbd(parameters["r"], parameters["alpha"], parameters["a"], parameters["b"], unit),
        Mbg => new MbgNbd(parameters["r"], parameters["alpha"], parameters["a"], parameters["b"], unit),
        Pareto => new ParetoNbd(parameters["r"], parameters["alpha"], parameters["s"], parameters["beta"], unit),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, $"is not one of {string.Join(", ", Names)}"),
    };

    /// <summary>The names of a model's parameters, in the order of <see cref="PurchaseModel.Parameters"/>.</summary>
    public static IReadOnlyList<string> ParameterNames(PurchaseModel model) => model switch
    {
        BgNbd or MbgNbd => ["r", "alpha", "a", "b"],
        ParetoNbd => ["r", "alpha", "s", "beta"],
        _ => throw new UnreachableException(),
    };

    public static Dictionary<string, double> ParametersOf(PurchaseModel model) =>
        ParameterNames(model).Zip(model.Parameters).ToDictionary(pair => pair.First, pair => pair.Second);
}

namespace Retention.Domain.Metrics;

/// <summary>A 95 % interval, both ends included, in the unit of the figure that it belongs to.</summary>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>z, the 97.5 % quantile of the normal distribution as every interval uses it.</summary>
    public const double Z = 1.959964;
}

namespace Retention.Domain.Clv;

/// <summary>
/// The unit of a model's times and rates, as the number of days in it. Ages are whole days and are divided on use. The maximum is the
/// same in both, but for α and β, which are in this unit, and a constant of the log-likelihood.
/// </summary>
public enum TimeUnit
{
    Day = 1,
    Week = 7,
}

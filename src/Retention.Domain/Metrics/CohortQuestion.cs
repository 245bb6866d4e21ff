namespace Retention.Domain.Metrics;

public enum CohortEntry
{
    /// <summary>Into the cohort of the first activity over all history.</summary>
    First,

    /// <summary>Into the cohort of every period with an activity.</summary>
    Every,
}

/// <summary>What a customer does to enter a cohort, or to return.</summary>
public enum CohortActivity
{
    /// <summary>A valid order.</summary>
    Order,

    Registration,

    /// <summary>The receipt of a complaint; a second one of the same complaint is none.</summary>
    Complaint,

    /// <summary>An answer that was not withdrawn.</summary>
    Feedback,

    /// <summary>Any of the others.</summary>
    Any,
}

public enum CohortMode
{
    /// <summary>Returned in the k-th period after the cohort's.</summary>
    On,

    /// <summary>Returned in the k-th or any later period before the moment.</summary>
    OnOrAfter,

    /// <summary>Returned at all up to the end of period k, period 0 included.</summary>
    OnOrBefore,

    /// <summary>Active by the policy at the end of period k, see <see cref="Customers.Span"/>.</summary>
    Survival,
}

public enum CohortMeasure
{
    Customers,
    Orders,
    Revenue,

    /// <summary>Of the periods 0 … k.</summary>
    CumulativeRevenue,

    /// <summary>The same over the cohort's size.</summary>
    CumulativeRevenuePerCustomer,
}

public enum CohortAlignment
{
    /// <summary>Periods are those of the calendar.</summary>
    Calendar,

    /// <summary>Periods are units of exact time since each customer's own first activity.</summary>
    Rolling,
}

public enum CohortSummaryKind
{
    /// <summary>Σ value / Σ size.</summary>
    Pooled,

    /// <summary>The mean of the rates.</summary>
    Simple,
}

/// <summary>What is asked of cohorts. Which questions contradict themselves, the reader of the question knows.</summary>
public sealed record CohortQuestion(CohortColumns Columns)
{
    public CohortEntry Entry { get; init; }

    public CohortActivity Start { get; init; }

    public CohortActivity Return { get; init; }

    public CohortMode Mode { get; init; }

    public CohortMeasure Measure { get; init; }

    public CohortAlignment Alignment { get; init; }

    public CohortSummaryKind Summary { get; init; }

    /// <summary>Only a period with at least so many orders counts as a return.</summary>
    public int MinOrders { get; init; } = 1;

    public bool CountsCustomers => Measure == CohortMeasure.Customers;

    public bool Cumulates => Measure is CohortMeasure.CumulativeRevenue or CohortMeasure.CumulativeRevenuePerCustomer;

    /// <summary>Whether the answer needs to know when customers ordered last.</summary>
    public bool NamesLastOrders => CountsCustomers && Mode == CohortMode.OnOrAfter;

    /// <summary>
    /// Whether the answer follows from histograms by <see cref="Cohorts.Contribute"/>. These know of no customer in which periods it
    /// ordered, so that whoever ordered twice within a bracket cannot be counted once.
    /// </summary>
    public bool FollowsFromHistograms =>
        this is { Entry: CohortEntry.First, Start: CohortActivity.Order, Return: CohortActivity.Order, MinOrders: 1 }
        && Alignment == CohortAlignment.Calendar && Mode != CohortMode.Survival && !(Columns.AreBrackets && Mode == CohortMode.On && CountsCustomers);
}

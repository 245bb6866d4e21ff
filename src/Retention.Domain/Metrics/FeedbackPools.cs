using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>What of one group is pooled in rows: answers by score, those that each row is compared with, and requests.</summary>
public sealed class FeedbackPools : IMergeable<FeedbackPools>
{
    // A count that begins with one row and ends before another: what is pooled in many rows takes two cells.
    private readonly Cells<(int Row, int Score), AnswerCounts> answers = new();
    private readonly Cells<(int Row, int Score), AnswerCounts> before = new();
    private readonly Cells<int, RequestCounts> requests = new();

    /// <summary>All responses, each once.</summary>
    public long Responses { get; private set; }

    /// <summary>The first row in whose own period there is an answer or a request; null for none.</summary>
    public int? First { get; private set; }

    /// <summary>Counts responses that are pooled in rows.</summary>
    public void Add(RowRange rows, int score, long responses = 1) => Add(answers, rows, score, responses);

    /// <summary>Counts responses that rows are compared with.</summary>
    public void AddBefore(RowRange rows, int score, long responses = 1) => Add(before, rows, score, responses);

    public void Add(RowRange rows, RequestCounts counts)
    {
        if (rows.IsEmpty) return;
        requests.Add(rows.First, counts);
        requests.Add(rows.Last + 1, default(RequestCounts) - counts);
    }

    /// <summary>Notes a period in which something happened, and how many of it are responses.</summary>
    public void Note(int period, long responses = 0)
    {
        First = Math.Min(First ?? period, period);
        Responses += responses;
    }

    public void Add(FeedbackPools others)
    {
        answers.Add(others.answers);
        before.Add(others.before);
        requests.Add(others.requests);
        Responses += others.Responses;
        if (others.First is { } first) Note(first);
    }

    /// <summary>What rows pool, in order.</summary>
    public IEnumerable<FeedbackPool> Rows(int first, int last)
    {
        var (own, compared) = (new Running(answers), new Running(before));
        var changes = requests.OrderBy(cell => cell.Key).ToList();
        var (asked, next) = (new RequestCounts(), 0);
        for (var row = first; row <= last; row++)
        {
            for (; next < changes.Count && changes[next].Key <= row; next++) asked += changes[next].Value;
            yield return new FeedbackPool(row, own.At(row), compared.At(row), asked);
        }
    }

    private static void Add(Cells<(int Row, int Score), AnswerCounts> cells, RowRange rows, int score, long responses)
    {
        if (rows.IsEmpty) return;
        cells.Add((rows.First, score), new(responses));
        cells.Add((rows.Last + 1, score), new(-responses));
    }

    /// <summary>The sums of all changes up to a row, asked in order of rows.</summary>
    private sealed class Running(Cells<(int Row, int Score), AnswerCounts> cells)
    {
        private readonly List<KeyValuePair<(int Row, int Score), AnswerCounts>> changes = [.. cells.OrderBy(cell => cell.Key.Row)];
        private readonly Dictionary<int, long> sums = [];
        private int next;

        public Dictionary<int, long> At(int row)
        {
            for (; next < changes.Count && changes[next].Key.Row <= row; next++)
                sums[changes[next].Key.Score] = sums.GetValueOrDefault(changes[next].Key.Score) + changes[next].Value.Responses;
            return sums.ToDictionary();
        }
    }
}

/// <summary>What one row pools.</summary>
/// <param name="ByScore">Responses by score.</param>
/// <param name="Before">Responses that the row is compared with.</param>
public sealed record FeedbackPool(int Row, IReadOnlyDictionary<int, long> ByScore, IReadOnlyDictionary<int, long> Before, RequestCounts Requests);

public enum Dedup
{
    /// <summary>Every answer.</summary>
    All,

    /// <summary>Of each customer's answers that a row pools, the last one by (occurredAt, source, id).</summary>
    Latest,
}

/// <summary>What is pooled of one instrument.</summary>
/// <param name="GroupBy">A dimension of the customer, or <see cref="OwnDimensions"/> of the answer; null for one group of all.</param>
public sealed record FeedbackPlan(Instrument Instrument, Pooling Pooling, Dedup Dedup, string? GroupBy)
{
    private const string Touchpoint = "touchpoint";
    private const string AnswerChannel = "answerChannel";

    /// <summary>Dimensions of an answer, and of a request.</summary>
    public static IReadOnlyList<string> OwnDimensions { get; } = [Touchpoint, AnswerChannel];

    /// <summary>Whether a metric is of answers.</summary>
    public static bool OfAnswers(CatalogueEntry metric) => metric == VoiceCatalogue.Nps || metric == VoiceCatalogue.Csat || metric == VoiceCatalogue.Ces;

    /// <summary>
    /// Which answers and requests count, by <see cref="OwnDimensions"/>; all of them must hold. With <see cref="Dedup.Latest"/> they choose among
    /// the last answers, so that a filter and the group of its value say the same.
    /// </summary>
    public IReadOnlyList<Condition.Dimension> Filters { get; init; } = [];

    /// <summary>One of <see cref="OwnDimensions"/> and the value of the answers and requests that count; null for all. It chooses like <see cref="Filters"/>.</summary>
    public (string Dimension, string? Value)? Own { get; init; }

    public bool GroupsByCustomer => GroupBy is not null && !OwnDimensions.Contains(GroupBy);

    /// <summary>Whether an answer or a request counts.</summary>
    public bool Includes(string? touchpoint, string? channel)
    {
        foreach (var filter in Filters)
        {
            if (Of(filter.Name) is not { } value || !filter.Values.Contains(value)) return false;
        }
        return Own is not var (dimension, own) || Of(dimension) == own;

        string? Of(string name) => name == Touchpoint ? touchpoint : channel;
    }

    /// <summary>The group of an answer or a request.</summary>
    /// <param name="ofCustomer">That of its customer.</param>
    public string? GroupOf(string? ofCustomer, string? touchpoint, string? channel) => GroupBy switch
    {
        Touchpoint => touchpoint,
        AnswerChannel => channel,
        _ => ofCustomer,
    };
}

/// <summary>
/// What of all groups is pooled. With <see cref="Dedup.Latest"/>, the last answer that a row pools of a customer counts in the answer's own
/// group, so that groups sum to the total.
/// </summary>
public sealed class FeedbackGroups(FeedbackPlan plan) : IMergeable<FeedbackGroups>
{
    private readonly Grouped<FeedbackPools> groups = new(() => new());

    /// <summary>Groups in order of their values, that without one last; one of everybody where nothing groups.</summary>
    public IReadOnlyList<(string? Value, FeedbackPools Pools)> All => plan.GroupBy is null ? [(null, this[null])] : groups.All;

    public FeedbackPools this[string? value] => groups[value];

    public void Add(FeedbackGroups others) => groups.Add(others.groups);

    public void Add(CustomerView customer)
    {
        var answers = customer.Answers;
        var requests = customer.Requests;
        if (answers.Count + requests.Count == 0) return;
        var own = plan.GroupsByCustomer ? customer.DimensionOf(plan.GroupBy!) : null;
        AddAnswers(customer, [.. answers.Where(given => given.Answer.Instrument == plan.Instrument)], own);
        foreach (var asked in requests.Where(asked => asked.Request.Instrument == plan.Instrument && plan.Includes(asked.Request.Touchpoint, asked.Request.Channel)))
        {
            var (day, pools) = (customer.DayOf(asked.OccurredAt), this[plan.GroupOf(own, asked.Request.Touchpoint, asked.Request.Channel)]);
            pools.Note(plan.Pooling.Partition.IndexOf(day, asked.OccurredAt));
            pools.Add(plan.Pooling.Of(day, asked.OccurredAt), Feedback.CountsOf(asked));
        }
    }

    private void AddAnswers(CustomerView customer, List<GivenAnswer> answers, string? own)
    {
        for (var i = 0; i < answers.Count; i++)
        {
            var (at, answer, score) = answers[i];
            if (!plan.Includes(answer.Touchpoint, answer.Channel)) continue;
            var day = customer.DayOf(at);
            var (rows, after) = (plan.Pooling.Of(day, at), plan.Pooling.After(day, at));
            if (plan.Dedup == Dedup.Latest && i + 1 < answers.Count)
            {
                // Rows that the next answer is pooled in, too, count that one; see Until.
                var (nextAt, nextDay) = (answers[i + 1].OccurredAt, customer.DayOf(answers[i + 1].OccurredAt));
                (rows, after) = (Until(rows, plan.Pooling.Of(nextDay, nextAt)), Until(after, plan.Pooling.After(nextDay, nextAt)));
            }
            var pools = this[plan.GroupOf(own, answer.Touchpoint, answer.Channel)];
            pools.Note(plan.Pooling.Partition.IndexOf(day, at), 1);
            pools.Add(rows, score);
            pools.AddBefore(after, score);
        }
    }

    // Ranges of later answers begin and end later, so the next one is the only one that matters.
    private static RowRange Until(RowRange rows, RowRange next) => next.IsEmpty ? rows : rows with { Last = Math.Min(rows.Last, next.First - 1) };
}

using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Answers by instrument, day and score, see <see cref="Feedback"/>.</summary>
public static class AnswerCells
{
    internal static CellTable<AnswerCell, AnswerCounts> Table { get; } = new(
        "answer_cells",
        [
            KeyColumn<AnswerCell>.Text("instrument", cell => NameOf(cell.Instrument)), KeyColumn<AnswerCell>.Day("day", cell => cell.Day),
            KeyColumn<AnswerCell>.Whole("score", cell => cell.Score),
        ],
        [new("responses", counts => counts.Responses)]);

    /// <summary>Responses to one instrument by period and score.</summary>
    public static async Task<IReadOnlyDictionary<(int Period, int Score), long>> ByPeriodAsync(
        Snapshot snapshot, Question question, Instrument instrument, CancellationToken ct)
    {
        var responses = new Dictionary<(int, int), long>();
        if (snapshot.Maintained(question with { Partition = question.Definition.By(Grain.Day) }) is { Dimension: "" })
        {
            const string sql = "select day, score, responses from {schema}.answer_cells where tenant_id = $1 and instrument = $2 and responses <> 0";
            await foreach (var row in snapshot.RowsAsync(sql, [NameOf(instrument)], ct))
                Add(row.GetFieldValue<DateOnly>(0), row.GetInt32(1), row.GetInt64(2));
            return responses;
        }
        var cells = (await snapshot.FoldAsync(question, () => new Cells<AnswerCell, AnswerCounts>(), Feedback.Contribute, ct)).Single().Cells;
        foreach (var (cell, counts) in cells.Where(cell => cell.Key.Instrument == instrument)) Add(cell.Day, cell.Score, counts.Responses);
        return responses;

        void Add(DateOnly day, int score, long count)
        {
            var key = (question.Partition.IndexOf(day), score);
            responses[key] = responses.GetValueOrDefault(key) + count;
        }
    }

    private static string NameOf(Instrument instrument) => instrument.ToString().ToLowerInvariant();
}

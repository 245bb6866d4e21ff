using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Requests for answers by instrument and day, see <see cref="Feedback"/>.</summary>
internal static class RequestCells
{
    public static CellTable<RequestCell, RequestCounts> Table { get; } = new(
        "request_cells",
        [
            KeyColumn<RequestCell>.Text("instrument", cell => AnswerCells.NameOf(cell.Instrument)), KeyColumn<RequestCell>.Day("day", cell => cell.Day),
        ],
        [new("requested", counts => counts.Requested), new("bounced", counts => counts.Bounced), new("answered", counts => counts.Answered)]);
}

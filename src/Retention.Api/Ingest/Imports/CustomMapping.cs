using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// A mapping that the user writes: a JSON file that says which columns of a CSV file become which members of which events.
/// <c>docs/imports.md</c> and <c>docs/mapping.schema.json</c> describe it; <see cref="CustomMappingReader"/> reads it.
/// </summary>
internal sealed record CustomMapping(string Source, CustomFormats Formats, char Delimiter, IReadOnlyList<string> Columns, IReadOnlyList<CustomEvent> Events)
{
    /// <summary>By which a request says that it brings its own mapping.</summary>
    public const string Name = "custom";

    /// <summary>The events of a file, in the order of their first rows. Where rows are grouped, all of them are held in memory.</summary>
    public IEnumerable<Envelope> Read(TextReader text, ImportReport report)
    {
        var made = 0L;
        foreach (var envelope in Events.Any(item => item.GroupBy is not null) ? Grouped(text, report) : Drafts(text, report).Select(item => item.Draft.ToEnvelope(Source)))
        {
            made++;
            yield return report.Make(envelope);
        }
        report.Expect(made);
    }

    private List<Envelope> Grouped(TextReader text, ImportReport report)
    {
        var (groups, order) = (new Dictionary<(CustomEvent, string), Draft?>(), new List<(CustomEvent, string)>());
        foreach (var (draft, row) in Drafts(text, report, refused => Spoil(groups, refused)))
        {
            var key = (draft.Of, draft.Of.GroupBy?.Fill(row) ?? $"{row.Ordinal}");
            if (!groups.TryGetValue(key, out var first))
            {
                groups[key] = draft;
                order.Add(key);
            }
            else first?.Add(draft);
        }
        return [.. order.Select(key => groups[key]).OfType<Draft>().Select(draft => draft.ToEnvelope(Source))];
    }

    /// <summary>An event of which a row cannot be read is not stored with the others alone.</summary>
    private void Spoil(Dictionary<(CustomEvent, string), Draft?> groups, Row refused)
    {
        foreach (var item in Events.Where(item => item.GroupBy is not null && item.Fits(refused))) groups[(item, item.GroupBy!.Fill(refused))] = null;
    }

    private IEnumerable<(Draft Draft, Row Row)> Drafts(TextReader text, ImportReport report, Action<Row>? refused = null)
    {
        foreach (var row in CsvFile.Read(text, Columns, report, delimiter: Delimiter))
        {
            var (fitting, drafts) = (0, new List<Draft>());
            foreach (var item in Events.Where(item => item.Fits(row)))
            {
                fitting++;
                if (item.Make(row, Formats) is { } draft) drafts.Add(draft);
            }
            if (row.Fault is var (code, message))
            {
                report.Refuse(row.Line, code, message);
                refused?.Invoke(row);
                continue;
            }
            if (fitting == 0) report.Count("left: no event fits");
            else if (drafts.Count == 0) report.MissCustomer();
            foreach (var draft in drafts) yield return (draft, row);
        }
    }
}

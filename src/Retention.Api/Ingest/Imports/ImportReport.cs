using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// What an import read, made, stored and refused. Counts are exact; each list holds its first <see cref="MaxListed"/> entries.
/// Written by the one thread that runs the import; the counts may be read by others for progress.
/// </summary>
public sealed class ImportReport
{
    /// <summary>The longest that a list of lines or events gets, so that a file of nonsense cannot fill the memory.</summary>
    public const int MaxListed = 100_000;

    /// <summary>The most events that a dry run shows.</summary>
    public const int MostShown = 3;

    /// <summary>How a report is written as JSON, and read again.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new ShownText() },
    };

    /// <summary>Records below the header, refused ones included, blank lines not.</summary>
    [JsonInclude] public long LinesRead { get; private set; }

    [JsonInclude] public long BlankLines { get; private set; }

    /// <summary>Lines that name no customer: counted here, not stored.</summary>
    [JsonInclude] public long LinesWithoutCustomer { get; private set; }

    /// <summary>Columns of the file that no event carries.</summary>
    [JsonInclude] public IReadOnlyList<string> ColumnsNotStored { get; private set; } = [];

    /// <summary>Events by type. In a dry run they are what would be sent to the store.</summary>
    [JsonInclude] public SortedDictionary<string, long> EventsMade { get; private set; } = new(StringComparer.Ordinal);

    /// <summary>All events that the file will give; null until it is known.</summary>
    [JsonInclude] public long? EventsExpected { get; private set; }

    [JsonInclude] public long Accepted { get; private set; }

    [JsonInclude] public long Duplicates { get; private set; }

    /// <summary>Return lines with units that no earlier purchase of the customer holds; each is among the <see cref="Notes"/>.</summary>
    [JsonInclude] public long UnmatchedReturnLines { get; private set; }

    [JsonInclude] public decimal UnmatchedReturnUnits { get; private set; }

    [JsonInclude] public long RefusedLines { get; private set; }

    [JsonInclude] public List<LineRemark> Refused { get; private set; } = [];

    /// <summary>Lines that were used, but not in the plainest way, by code.</summary>
    [JsonInclude] public SortedDictionary<string, long> NotesByCode { get; private set; } = new(StringComparer.Ordinal);

    [JsonInclude] public List<LineRemark> Notes { get; private set; } = [];

    [JsonInclude] public long RejectedEvents { get; private set; }

    /// <summary>Events that the store did not take, with its reasons.</summary>
    [JsonInclude] public List<RejectedEvent> Rejected { get; private set; } = [];

    [JsonInclude] public long Warnings { get; private set; }

    /// <summary>The highest log position that the import stored or found again; null when it stored nothing, as in a dry run.</summary>
    [JsonInclude] public long? Position { get; private set; }

    /// <summary>The first events that were made; kept in a dry run, to be looked at, and null else.</summary>
    [JsonInclude, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public List<Envelope>? FirstEvents { get; private set; }

    /// <summary>Keeps the first events.</summary>
    public void ShowFirst() => FirstEvents = [];

    public void ReadLine() => LinesRead++;

    public void SkipBlankLine() => BlankLines++;

    public void MissCustomer() => LinesWithoutCustomer++;

    public void Ignore(IReadOnlyList<string> columns) => ColumnsNotStored = [.. ColumnsNotStored.Union(columns)];

    public void Expect(long events) => EventsExpected = events;

    public Envelope Make(Envelope envelope)
    {
        EventsMade[envelope.Type] = EventsMade.GetValueOrDefault(envelope.Type) + 1;
        if (FirstEvents?.Count < MostShown) FirstEvents.Add(envelope);
        return envelope;
    }

    public void Refuse(long line, string code, string message)
    {
        RefusedLines++;
        if (Refused.Count < MaxListed) Refused.Add(new LineRemark(line, code, message));
    }

    public void Note(long line, string code, string message)
    {
        NotesByCode[code] = NotesByCode.GetValueOrDefault(code) + 1;
        if (Notes.Count < MaxListed) Notes.Add(new LineRemark(line, code, message));
    }

    /// <summary>Counts what was read and deliberately left, of which there may be too much to list.</summary>
    public void Count(string code) => NotesByCode[code] = NotesByCode.GetValueOrDefault(code) + 1;

    public void LeaveUnmatched(long line, decimal units, string message)
    {
        UnmatchedReturnLines++;
        UnmatchedReturnUnits += units;
        Note(line, "unmatched_return", message);
    }

    public void Store(IReadOnlyList<Envelope> batch, IngestOutcome outcome)
    {
        Accepted += outcome.Accepted;
        Duplicates += outcome.Duplicates;
        Warnings += outcome.Warnings;
        RejectedEvents += outcome.Rejected.Count;
        if (outcome.Position > 0) Position = Math.Max(Position ?? 0, outcome.Position);
        foreach (var rejection in outcome.Rejected.Take(MaxListed - Rejected.Count))
        {
            var envelope = batch[rejection.Index];
            Rejected.Add(new RejectedEvent(envelope.Id, envelope.Type, envelope.Customer, rejection.Code, rejection.Errors));
        }
    }

    /// <summary>The refused lines as CSV: <c>line,code,message</c>, the message always quoted.</summary>
    public void WriteRefused(TextWriter text)
    {
        text.Write("line,code,message\n");
        foreach (var (line, code, message) in Refused)
        {
            var quoted = message.Replace("\"", "\"\"", StringComparison.Ordinal);
            text.Write(string.Create(CultureInfo.InvariantCulture, $"{line},{code},\"{quoted}\"\n"));
        }
    }
}

/// <param name="Line">The line in the file as an editor shows it: the header is line 1.</param>
/// <param name="Code">Stable and machine-readable.</param>
public sealed record LineRemark(long Line, string Code, string Message);

public sealed record RejectedEvent(string Id, string Type, string Customer, string Code, IReadOnlyList<Fault> Errors);

/// <summary>Texts of a file as they can be kept and shown: PostgreSQL has no NUL, which U+FFFD stands for.</summary>
file sealed class ShownText : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString();

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString()!;

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(Shown(value));

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(Shown(value));

    private static string Shown(string text) => text.Replace('\0', '\uFFFD');
}

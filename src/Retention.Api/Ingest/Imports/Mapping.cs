using System.Text;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>How the rows of one kind of file become events.</summary>
/// <param name="Name">What a user asks for, and the <c>source</c> of every event made, so that a second run finds only duplicates.</param>
/// <param name="TimeZone">The tz database zone that a tenant gets from its first import by this mapping, unless it has set another; null where files do not tell.</param>
/// <param name="Currency">The ISO 4217 code of every purchase, which a tenant without a currency gets from its first import; null where each order names its own.</param>
/// <param name="Read">
/// Reads the whole text once, in order, counting into the report; throws <see cref="ImportRefusedException"/> when the text is not a file
/// of this kind. A line that cannot be used is refused in the report and never stops its neighbours.
/// </param>
public sealed record Mapping(string Name, string? TimeZone, string? Currency, Func<TextReader, ImportReport, IEnumerable<Envelope>> Read)
{
    /// <summary>How files are written.</summary>
    public Encoding Encoding { get; init; } = Encoding.UTF8;

    /// <summary>The tables of a data set of several files, named <c>mapping_table.csv</c>; empty where one file is all.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>Reads such a data set, as <see cref="Read"/> does one file; null where there are no <see cref="Tables"/>.</summary>
    public Func<ImportTables, ImportReport, IEnumerable<Envelope>>? ReadTables { get; init; }

    public static IReadOnlyList<Mapping> All { get; } = [OnlineRetail.Mapping, Cdnow.Mapping, Olist.Mapping, Shopify.Mapping, Segment.Mapping, Zendesk.Mapping];

    /// <summary>The names that <see cref="Named"/> knows, for messages.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(mapping => mapping.Name));

    /// <summary>The mapping of that exact name, or null.</summary>
    public static Mapping? Named(string? name) => All.FirstOrDefault(mapping => mapping.Name == name);
}

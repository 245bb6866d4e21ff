using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Retention.Api.Ingest.Imports;

/// <summary>The tables of a data set that comes as several CSV files, packed into one zip; each may be packed with gzip besides.</summary>
/// <param name="set">What the names of its files begin with.</param>
public sealed class ImportTables(ZipArchive archive, string set)
{
    /// <summary>Whether a file holds a table: <c>olist_orders.csv</c>, also as <c>olist_orders_dataset.csv</c>, and with <c>.gz</c>.</summary>
    public static bool Holds(string file, string set, string table) =>
        Regex.IsMatch(Path.GetFileName(file), $@"\A{Regex.Escape($"{set}_{table}")}(_dataset)?\.csv(\.gz)?\z");

    /// <summary>What is missing when a table's file is.</summary>
    public static ImportRefusedException Missing(string set, string table) =>
        new("missing_file", $"The file {set}_{table}.csv, or {set}_{table}.csv.gz, is missing; all files of the data set are needed.");

    /// <summary>The rows of a table.</summary>
    /// <exception cref="ImportRefusedException">Its file is missing, empty, or lacks a column.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "Readers close what they read.")]
    public IReadOnlyList<Row> Rows(string table, IReadOnlyList<string> columns, ImportReport report)
    {
        var entry = archive.Entries.FirstOrDefault(entry => Holds(entry.FullName, set, table)) ?? throw Missing(set, table);
        var bytes = entry.Open();
        using var text = new StreamReader(entry.Name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(bytes, CompressionMode.Decompress) : bytes, Encoding.UTF8);
        try
        {
            return [.. CsvFile.Read(text, columns, report)];
        }
        catch (ImportRefusedException refused)
        {
            throw new ImportRefusedException(refused.Code, $"{entry.Name}: {refused.Message}");
        }
    }

    /// <summary>Packs the files of a data set that lie in one folder.</summary>
    /// <returns>A temporary file, which is the caller's to delete.</returns>
    /// <exception cref="ImportRefusedException">A file is missing.</exception>
    public static FileInfo Pack(DirectoryInfo folder, string set, IReadOnlyList<string> tables)
    {
        var files = tables.Select(table => folder.EnumerateFiles($"{set}_*").FirstOrDefault(file => Holds(file.Name, set, table)) ?? throw Missing(set, table)).ToList();
        var packed = Path.GetTempFileName();
        using (var archive = new ZipArchive(File.Create(packed), ZipArchiveMode.Create))
        {
            foreach (var file in files)
                archive.CreateEntryFromFile(file.FullName, file.Name, file.Extension == ".gz" ? CompressionLevel.NoCompression : CompressionLevel.Fastest);
        }
        return new FileInfo(packed);
    }
}

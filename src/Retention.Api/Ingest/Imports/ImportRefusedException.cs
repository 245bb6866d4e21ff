namespace Retention.Api.Ingest.Imports;

/// <summary>The file as a whole cannot be read by the mapping; the message says what is expected.</summary>
/// <param name="code">Stable and machine-readable: <c>empty_file</c>, <c>wrong_header</c>, <c>corrupt_gzip</c>.</param>
public sealed class ImportRefusedException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}

using System.IO.Compression;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Retention.Api.Polling;

/// <summary>How an answer is packed: Brotli or gzip where the client takes it.</summary>
internal static class AnswerEncoding
{
    public const string Identity = "";

    private const string Brotli = "br";
    private const string Gzip = "gzip";

    // Beyond it an answer is made for far longer to become little smaller.
    private const int BrotliQuality = 5;
    private const int BrotliWindow = 22;

    /// <summary>The encoding of the highest quality, Brotli before gzip before none.</summary>
    public static string Accepted(StringValues accept)
    {
        if (accept.Count == 0) return Identity;
        if (!StringWithQualityHeaderValue.TryParseList([.. accept.Select(value => value ?? "")], out var wanted)) return Identity;
        double QualityOf(string name) => (wanted.FirstOrDefault(item => item.Value == name) ?? wanted.FirstOrDefault(item => item.Value == "*")) is { } item ? item.Quality ?? 1 : 0;
        var (brotli, gzip) = (QualityOf(Brotli), QualityOf(Gzip));
        return brotli == 0 && gzip == 0 ? Identity : brotli >= gzip ? Brotli : Gzip;
    }

    public static ReadOnlyMemory<byte> Pack(ReadOnlyMemory<byte> plain, string encoding)
    {
        if (encoding == Identity) return plain.ToArray();
        if (encoding == Brotli)
        {
            var room = new byte[BrotliEncoder.GetMaxCompressedLength(plain.Length)];
            if (BrotliEncoder.TryCompress(plain.Span, room, out var written, BrotliQuality, BrotliWindow)) return room.AsMemory(0, written).ToArray();
        }
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(plain.Span);
        return packed.ToArray();
    }
}

using System.Buffers.Binary;
using Npgsql;

namespace Retention.Projections.EventLog;

/// <summary>
/// Reads the rows of <c>COPY … TO STDOUT (FORMAT binary)</c> as they lie in the server's answer, for scans of millions of rows: a header of
/// 19 bytes and an extension; rows of a 16-bit count of fields, each a 32-bit length and its bytes; a count of −1 at the end. See the
/// PostgreSQL documentation, COPY, "Binary Format".
/// </summary>
internal sealed class BinaryCopy : IAsyncDisposable
{
    private const int Signature = 11;
    private const int Header = Signature + 2 * sizeof(int);

    private readonly NpgsqlRawCopyStream stream;
    private byte[] buffer = new byte[256 * 1024];
    private int at;
    private int end;
    private bool started;

    private BinaryCopy(NpgsqlRawCopyStream stream) => this.stream = stream;

    /// <param name="sql">A COPY whose columns are never null.</param>
    public static async Task<BinaryCopy> OpenAsync(NpgsqlConnection connection, string sql, CancellationToken ct) =>
        new(await connection.BeginRawBinaryCopyAsync(sql, ct));

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    /// <summary>Waits for more of the answer; whoever asks then takes the rows that are whole by <see cref="TryRow"/>.</summary>
    /// <returns>False at the end.</returns>
    public async ValueTask<bool> MoreAsync(CancellationToken ct)
    {
        if (at > 0)
        {
            buffer.AsSpan(at, end - at).CopyTo(buffer);
            (at, end) = (0, end - at);
        }
        if (end == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        var read = await stream.ReadAsync(buffer.AsMemory(end), ct);
        end += read;
        return read > 0;
    }

    /// <summary>Takes a row, if it has arrived whole.</summary>
    /// <param name="fields">Receives the bytes of each column, which are valid until <see cref="MoreAsync"/>.</param>
    public bool TryRow(Span<ArraySegment<byte>> fields)
    {
        if (!started && !TryStart()) return false;
        if (end - at < sizeof(short) || BinaryPrimitives.ReadInt16BigEndian(buffer.AsSpan(at)) < 0) return false;
        var next = at + sizeof(short);
        for (var i = 0; i < fields.Length; i++)
        {
            if (end - next < sizeof(int)) return false;
            var length = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(next));
            next += sizeof(int);
            if (end - next < length) return false;
            fields[i] = new ArraySegment<byte>(buffer, next, length);
            next += length;
        }
        at = next;
        return true;
    }

    private bool TryStart()
    {
        if (end - at < Header) return false;
        var extension = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(at + Header - sizeof(int)));
        if (end - at < Header + extension) return false;
        at += Header + extension;
        return started = true;
    }
}

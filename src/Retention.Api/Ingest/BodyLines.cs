using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Retention.Api.Ingest;

/// <param name="Text">Without its end; only until the next line is asked for.</param>
/// <param name="TooLong">The line was longer than allowed and is passed over; its text is empty.</param>
internal readonly record struct BodyLine(ReadOnlyMemory<byte> Text, bool TooLong);

/// <summary>Cuts a body into lines in constant memory.</summary>
internal static class BodyLines
{
    public static async IAsyncEnumerable<BodyLine> ReadAsync(PipeReader body, int longest, [EnumeratorCancellation] CancellationToken ct)
    {
        var (skipping, first) = (false, true);
        while (true)
        {
            var read = await body.ReadAsync(ct);
            var buffer = read.Buffer;
            if (first && buffer.Length >= 3)
            {
                // A byte order mark, which editors leave, is no part of the first line.
                if (buffer.Slice(0, 3).ToArray() is [0xEF, 0xBB, 0xBF]) buffer = buffer.Slice(3);
                first = false;
            }
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                buffer = buffer.Slice(buffer.GetPosition(1, end));
                yield return skipping || line.Length > longest ? new BodyLine(default, true) : new BodyLine(Whole(line), false);
                skipping = false;
            }
            if (buffer.Length > longest || skipping)
            {
                skipping = true;
                buffer = buffer.Slice(buffer.End);
            }
            if (read.IsCompleted)
            {
                if (skipping) yield return new BodyLine(default, true);
                else if (!buffer.IsEmpty) yield return new BodyLine(Whole(buffer), false);
                body.AdvanceTo(buffer.End);
                yield break;
            }
            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static ReadOnlyMemory<byte> Whole(ReadOnlySequence<byte> line) => line.IsSingleSegment ? line.First : line.ToArray();
}

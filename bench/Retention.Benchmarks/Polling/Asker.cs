using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Retention.Benchmarks.Polling;

/// <summary>
/// One connection that sends the same request again as soon as it is answered. It does no more than to find the end of an answer, so that
/// the process's time goes to the service.
/// </summary>
internal static class Asker
{
    private static readonly byte[] HeadersEnd = "\r\n\r\n"u8.ToArray();

    /// <returns>How many answers came in time.</returns>
    /// <exception cref="InvalidDataException">An answer that is neither 200 nor 304.</exception>
    public static async Task<long> RunAsync(Uri service, byte[] request, CancellationToken until)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(service.Host, service.Port, CancellationToken.None);
        var buffer = new byte[1 << 18];
        long answers = 0;
        while (!until.IsCancellationRequested)
        {
            await socket.SendAsync(request, SocketFlags.None, CancellationToken.None);
            var (filled, length) = (0, -1);
            while (length < 0 || filled < length)
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(filled), SocketFlags.None, CancellationToken.None);
                if (read == 0) throw new InvalidDataException("The service closed a connection.");
                filled += read;
                if (length < 0) length = LengthOf(buffer.AsSpan(0, filled));
            }
            answers++;
        }
        return answers;
    }

    /// <summary>Bytes of the answer with its headers; -1 while these are not whole.</summary>
    private static int LengthOf(ReadOnlySpan<byte> received)
    {
        var end = received.IndexOf(HeadersEnd);
        if (end < 0) return -1;
        if (!received.StartsWith("HTTP/1.1 200"u8) && !received.StartsWith("HTTP/1.1 304"u8)) throw new InvalidDataException(Encoding.ASCII.GetString(received[..end]));
        var at = received[..end].IndexOf("Content-Length: "u8);
        var digits = at < 0 ? default : received[(at + 16)..];
        return end + HeadersEnd.Length + (at < 0 ? 0 : int.Parse(digits[..digits.IndexOf((byte)'\r')], NumberStyles.None, CultureInfo.InvariantCulture));
    }
}

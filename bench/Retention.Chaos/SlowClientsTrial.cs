using System.Net.Sockets;
using System.Text;

namespace Retention.Chaos;

/// <summary>
/// Two hundred connections that begin a request and then send a byte a second: the service lets go of them, and answers others as ever.
/// Without protection, the clients send fast enough to be borne with.
/// </summary>
public static class SlowClientsTrial
{
    private const int Clients = 200;

    /// <summary>So many that none has more sendings at once than it may.</summary>
    private const int Tenants = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    public static async Task<Verdict> RunAsync(Store store, TrialOptions options, CancellationToken ct)
    {
        await using var node = new Node(await store.NewDatabaseAsync(ct));
        await node.StartAsync(ct);
        await using (var load = new Load([node], "slow", options.Seed).Start(2))
        {
            await load.MoreAsync(500, ct);
            await load.StopAsync();
        }
        var asked = 0;
        Func<string> paths = () => asked++ % 2 == 0 ? "/v1/metrics/revenue?grain=month&asOf=2026-01-01" : "/v1/status";
        var idle = await Asking.TimesAsync(node, "slow", (paths, options.Duration / 2), ct);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        enough.CancelAfter(options.Control ? options.Duration : Patience);
        var (cut, clients) = (0, Enumerable.Range(0, Clients).Select(number => Task.Run(() => DribbleAsync((node.Port, number), options.Control, enough.Token), ct)).ToArray());
        var busy = await Asking.TimesAsync(node, "slow", (paths, options.Duration / 2), ct);
        foreach (var client in clients) cut += await client ? 1 : 0;
        return new Verdict().Tell("median of answers without slow clients, ms", idle[0.5]).Tell("the same beside 200 slow clients", busy[0.5])
            .Below("p99 of answers beside 200 slow clients, ms", busy[0.99], 500)
            .AtLeast("slow clients that were let go", cut, Clients);
    }

    /// <returns>Whether the service has closed the connection.</returns>
    private static async Task<bool> DribbleAsync((int Port, int Number) client, bool borne, CancellationToken enough)
    {
        var (port, number) = client;
        try
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync("127.0.0.1", port, enough);
            var stream = connection.GetStream();
            var begin = number % 2 == 0 && !borne ? $"GET /v1/status HTTP/1.1\r\nHost: localhost:{port}\r\nX-Slow: "
                : $"POST /v1/events HTTP/1.1\r\nHost: localhost:{port}\r\nRetention-Tenant: slow-{number % Tenants}\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n[";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(begin), enough);
            var (closed, dribble) = (stream.ReadAsync(new byte[1_024], enough).AsTask(), new byte[borne ? 2_000 : 1]);
            Array.Fill(dribble, (byte)' ');
            while (await Task.WhenAny(closed, Task.Delay(1_000, enough)) != closed) await stream.WriteAsync(dribble, enough);
            await closed;
            return true;
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception cut) when (cut is IOException or SocketException)
        {
            return true;
        }
    }
}

using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary><c>retention top</c>: what a running service takes in and how far figures are behind, second by second.</summary>
internal static class TopCommand
{
    private const int Remembered = 60;

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var service = new ServiceClient.Options();
        var once = new Option<bool>("--once") { Description = "Show one look after a second, and end" };
        var command = new Command("top", "Show live ingest, lag and memory of the running service until Ctrl-C. Exit codes: 0 ended as asked, 1 no service is running or it does not answer.") { once };
        service.AddTo(command);
        command.SetAction(async (asked, ct) =>
        {
            try
            {
                using var client = new ServiceClient(asked, service);
                await WatchAsync(client, asked.GetValue(once) || Console.IsOutputRedirected, ct);
                return 0;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return 0;
            }
            catch (HttpRequestException away)
            {
                return Screen.Fail(away.Message);
            }
        });
        return command;
    }

    private static async Task WatchAsync(ServiceClient client, bool once, CancellationToken ct)
    {
        var looks = new List<Look> { await LookAsync(client, ct) };
        if (once)
        {
            await Task.Delay(Beat, ct);
            looks.Add(await LookAsync(client, ct));
            Screen.Out.Write(TableOf(looks));
            return;
        }
        await Screen.Out.Live(TableOf(looks)).StartAsync(async live =>
        {
            while (true)
            {
                await Task.Delay(Beat, ct);
                looks.Add(await LookAsync(client, ct));
                if (looks.Count > Remembered) looks.RemoveAt(0);
                live.UpdateTarget(TableOf(looks));
            }
        });
    }

    private static async Task<Look> LookAsync(ServiceClient client, CancellationToken ct)
    {
        var status = await client.AskAsync("v1/status", ct);
        long Of(string name) => status.GetProperty(name).GetInt64();
        return new Look(TimeProvider.System.GetTimestamp(), Of("issued"), Of("position"), Of("lag"), Of("memoryBytes"), Of("tenants"), status.GetProperty("paused").GetArrayLength());
    }

    private static Table TableOf(List<Look> looks)
    {
        var (last, rates) = (looks[^1], looks.Zip(looks.Skip(1)).ToList());
        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "", "last minute").HideHeaders();
        Row("Events in, a second", rates.Select(pair => Rate(pair, look => look.Issued)));
        Row("Events reflected, a second", rates.Select(pair => Rate(pair, look => look.Position)));
        Row("Events behind", looks.Select(look => (double?)look.Lag));
        Row("Memory, MB", looks.Select(look => (double?)look.Memory / (1 << 20)));
        table.AddRow(new Text("Position"), new Text(Spelled(last.Position)), new Text(""));
        table.AddRow(new Text("Tenants"), new Text(Spelled(last.Tenants)), new Text(last.Paused == 0 ? "" : $"{last.Paused} paused"));
        return table;

        void Row(string name, IEnumerable<double?> values)
        {
            var all = values.ToList();
            table.AddRow(new Text(name), new Text(all is [.., { } now] ? Spelled(now) : "").RightJustified(), new Text(MetricTable.Sparkline(all)));
        }
    }

    private static double? Rate((Look Before, Look After) pair, Func<Look, long> of) =>
        (of(pair.After) - of(pair.Before)) / TimeProvider.System.GetElapsedTime(pair.Before.At, pair.After.At).TotalSeconds;

    private static string Spelled(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private sealed record Look(long At, long Issued, long Position, long Lag, long Memory, long Tenants, int Paused);
}

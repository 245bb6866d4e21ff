using System.Text.Json;

namespace Retention.Api.Commands;

/// <summary>A service that is up, as it has written itself down in its data folder.</summary>
/// <param name="Url">Its base address, without a slash at the end.</param>
/// <param name="Pid">Its process.</param>
/// <param name="StartedAt">When it became ready.</param>
public sealed record RunningInstance(string Url, int Pid, DateTimeOffset StartedAt)
{
    private const string FileName = "service.json";

    /// <summary>The service that is up on this data folder, or null; what a crashed one has left does not count.</summary>
    public static RunningInstance? Find(string dataFolder)
    {
        if (!DataLock.IsTaken(dataFolder))
            return null;
        var file = Path.Combine(dataFolder, FileName);
        return File.Exists(file) ? JsonSerializer.Deserialize<RunningInstance>(File.ReadAllBytes(file), JsonSerializerOptions.Web) : null;
    }

    /// <summary>
    /// Like <see cref="Find"/>, but gives a service that is just starting its time: as long as it takes one that holds the data folder
    /// already, and <paramref name="patience"/> for one that does not yet.
    /// </summary>
    public static async Task<RunningInstance?> WaitAsync(string dataFolder, TimeSpan patience, CancellationToken ct)
    {
        var asked = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (Find(dataFolder) is { } found)
                return found;
            if (!DataLock.IsTaken(dataFolder) && TimeProvider.System.GetElapsedTime(asked) >= patience)
                return null;
            await Task.Delay(100, ct);
        }
    }

    /// <summary>A client for a service on this machine, which no proxy stands in front of.</summary>
    internal static HttpClient OpenHttp() => new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>Makes this service known; the caller holds the folder's lock.</summary>
    internal void Announce(string dataFolder)
    {
        var file = Path.Combine(dataFolder, FileName);
        File.WriteAllBytes($"{file}.new", JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web));
        File.Move($"{file}.new", file, overwrite: true);
    }

    /// <summary>Takes back what this or a crashed service has announced; the caller holds the folder's lock.</summary>
    internal static void Withdraw(string dataFolder) => File.Delete(Path.Combine(dataFolder, FileName));
}

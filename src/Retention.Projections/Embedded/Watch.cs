using System.Diagnostics;

namespace Retention.Projections.Embedded;

/// <summary>
/// A small process that waits for the end of this one, however it comes, and then stops a throwaway server and removes its folder:
/// the pipe to it closes by itself.
/// </summary>
internal sealed class Watch : IAsyncDisposable
{
    // Ctrl-C reaches every process of the terminal, and must not end the one that tidies up.
    private const string Script = """
        trap '' INT TERM HUP
        read -r _
        "$1" stop -m immediate -w -s -D "$2/cluster" > "$2/stop.log" 2>&1
        rm -rf "$2" "$3"
        """;

    private readonly Process process;
    private readonly Place place;

    private Watch(Process process, Place place)
    {
        this.process = process;
        this.place = place;
    }

    public static Watch Over(Place place, PostgresBinaries binaries) =>
        new(place.Account.Start(["sh", "-c", Script, "watch", binaries.PgCtl, place.Folder, place.SocketFolder]), place);

    /// <summary>Stops the server and removes its folder now.</summary>
    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
        // The server's user may not take a folder out of a parent that belongs to another.
        if (Directory.Exists(place.Folder))
            Directory.Delete(place.Folder, recursive: true);
    }
}

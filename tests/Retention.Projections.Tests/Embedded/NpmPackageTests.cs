using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Retention.Projections.Embedded;

namespace Retention.Projections.Tests.Embedded;

/// <summary>A registry on the loopback interface hands out a package whose programs are small scripts.</summary>
public sealed class NpmPackageTests : IDisposable
{
    private static readonly string[] Versions = ["17.9.0-beta.17", "17.10.0-beta.2", "17.10.0-beta.1", "18.3.0-beta.1", "18.4.0-beta.17"];
    private readonly string cache = Directory.CreateTempSubdirectory("retention-").FullName;
    private readonly HttpListener registry = new();
    private readonly byte[] tarball = Tarball();
    private readonly int port = FreePort();
    private readonly List<string> said = [];

    public NpmPackageTests()
    {
        registry.Prefixes.Add($"http://127.0.0.1:{port}/");
        registry.Start();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private NpmPackage Package => new(new Uri($"http://127.0.0.1:{port}/"), cache);

    public void Dispose()
    {
        registry.Close();
        Directory.Delete(cache, recursive: true);
    }

    [Theory]
    [InlineData(null, "18.4.0-beta.17")]
    [InlineData(17, "17.10.0-beta.2")]
    public async Task The_latest_or_the_newest_of_a_major_version_is_fetched_with_its_links(int? major, string version)
    {
        var serving = ServeAsync(Hash(tarball));
        (await Package.TryInstallAsync(major, said.Add, Ct)).ShouldBeNull();
        await serving;

        var bin = Package.Installed().ShouldHaveSingleItem();
        bin.ShouldBe(Path.Combine(cache, $"postgresql-{version}", "native", "bin"));
        (await Account.Own.RunAsync([Path.Combine(bin, "postgres")], Ct)).Trim().ShouldBe("postgres (PostgreSQL) 18.4");
        new FileInfo(Path.Combine(bin, "..", "lib", "libpq.so")).LinkTarget.ShouldBe("libpq.so.5.18");
        Directory.GetFileSystemEntries(cache).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_file_with_another_hash_than_promised_is_refused()
    {
        var serving = ServeAsync(Hash([1, 2, 3]));
        (await Package.TryInstallAsync(null, said.Add, Ct))!.ShouldContain("the registry promised");
        await serving;
        Directory.GetFileSystemEntries(cache).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_registry_that_does_not_answer_is_a_reason()
    {
        registry.Stop();
        (await Package.TryInstallAsync(null, said.Add, Ct))!.ShouldContain("could not be had from 127.0.0.1");
    }

    // The addresses of the tarballs are the public registry's, as a mirror passes them on.
    private async Task ServeAsync(string integrity)
    {
        var versions = Versions.Select(v => $$"""
            "{{v}}": { "dist": { "tarball": "https://registry.npmjs.org/any/-/any-{{v}}.tgz", "integrity": "{{integrity}}" } }
            """);
        var document = await registry.GetContextAsync();
        document.Request.RawUrl!.ShouldMatch("^/@embedded-postgres%2[fF]linux-(x64|arm64)$");
        Answer(document, Encoding.UTF8.GetBytes($$"""
            { "dist-tags": { "latest": "18.4.0-beta.17" }, "versions": { {{string.Join(',', versions)}} } }
            """));
        var file = await registry.GetContextAsync();
        file.Request.RawUrl!.ShouldMatch(@"^/@embedded-postgres/linux-(x64|arm64)/-/linux-(x64|arm64)-1[78]\.\d+\.0-beta\.\d+\.tgz$");
        Answer(file, tarball);
    }

    private static void Answer(HttpListenerContext context, byte[] body)
    {
        context.Response.ContentLength64 = body.Length;
        context.Response.Close(body, willBlock: true);
    }

    private static byte[] Tarball()
    {
        using var bytes = new MemoryStream();
        using (var zip = new GZipStream(bytes, CompressionMode.Compress))
        using (var tar = new TarWriter(zip, TarEntryFormat.Ustar))
        {
            Add(tar, "native/bin/postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 18.4'\n");
            Add(tar, "native/lib/libpq.so.5.18", "a library");
            Add(tar, "native/pg-symlinks.json", """[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so"}]""");
        }
        return bytes.ToArray();
    }

    private static void Add(TarWriter tar, string path, string content) =>
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"package/{path}")
        {
            DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)),
        });

    private static string Hash(byte[] bytes) => $"sha512-{Convert.ToBase64String(SHA512.HashData(bytes))}";

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

namespace Retention.Projections.Embedded;

internal static class NpmPackage
{
    public static Task<string?> TryInstallAsync(int? major, Action<string> say, CancellationToken ct) => Task.FromResult<string?>("No.");

    public static IEnumerable<string> Installed() => [];
}

namespace Retention.Domain.Tests.Clv;

/// <summary>The public data sets beside the project.</summary>
internal static class DataFile
{
    /// <returns>The path; null, and a line in the test's output, where it is absent.</returns>
    public static string? Find(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Retention.sln"))) continue;
            var path = Path.Combine(folder.FullName, "..", "shared", "data", name);
            if (File.Exists(path)) return path;
            break;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"../shared/data/{name} is absent: this test runs on simulated customers instead.");
        return null;
    }
}

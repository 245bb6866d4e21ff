using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Retention.Api.Tests;

/// <summary>
/// Compares a whole text with <c>Class.Test.verified.txt</c> beside the test's source, in Verify's file convention. What came instead is
/// left in <c>Class.Test.received.txt</c>; whoever agrees with it renames it.
/// </summary>
internal static partial class Verified
{
    /// <param name="part">Names one of several texts of a test.</param>
    public static void ShouldBeVerified(
        this string text, string? part = null, [CallerFilePath] string source = "", [CallerMemberName] string test = "")
    {
        var file = Path.ChangeExtension(source, null) + $".{test}{(part is null ? "" : $"_{part}")}";
        var (verified, received) = ($"{file}.verified.txt", $"{file}.received.txt");
        var normal = text.ReplaceLineEndings("\n").TrimEnd('\n') + '\n';
        if (File.Exists(verified) && File.ReadAllText(verified) == normal)
        {
            File.Delete(received);
            return;
        }
        File.WriteAllText(received, normal, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        var (name, beside) = (Path.GetFileName(verified), $"{Path.GetFileName(received)} beside it holds what came.");
        if (!File.Exists(verified)) Assert.Fail($"{name} does not exist; {beside}");
        var (expected, came) = (File.ReadAllLines(verified), normal.TrimEnd('\n').Split('\n'));
        var line = expected.Zip(came).TakeWhile(both => both.First == both.Second).Count();
        Assert.Fail(
            $"{name} differs from line {line + 1} on; {beside}\n"
            + $"verified: {expected.ElementAtOrDefault(line)}\nreceived: {came.ElementAtOrDefault(line)}");
    }

    /// <summary>JSON in lines, numbers spelled as they came, with the name in place of what differs from run to run.</summary>
    public static string Scrubbed(string json)
    {
        using var document = JsonDocument.Parse(json);
        using var lines = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var writer = new Utf8JsonWriter(lines, options)) document.WriteTo(writer);
        return Fleeting().Replace(Encoding.UTF8.GetString(lines.ToArray()), "\"$1\": \"{$1}\"");
    }

    [GeneratedRegex("\"(position|eventId|recordedAt|createdAt)\": (\"[^\"]*\"|[0-9]+)")]
    private static partial Regex Fleeting();
}

using FsCheck;
using FsCheck.Fluent;
using Retention.Api.Ingest.Imports;

namespace Retention.Api.Tests.Ingest;

public sealed class TextLinesTests
{
    [Fact]
    public void Lines_are_those_of_a_reader_without_bounds() => Prop.ForAll(
        Gen.ArrayOf(Gen.Elements("a", "", "\n", "\r", "\r\n", "\n\r", new string('x', 16 * 1024 - 1), new string('y', 16 * 1024))).Select(string.Concat).ToArbitrary(),
        text => Lines(text).ShouldBe(Unbounded(text))).QuickCheckThrowOnFailure();

    [Fact]
    public void A_line_beyond_the_longest_is_passed_over_and_the_longest_is_not()
    {
        var longest = new string('x', TextLines.Longest);

        Lines($"a\n{longest}\n{longest}y\r\nb\n{longest}z").ShouldBe(["a", longest, null, "b", null]);
    }

    /// <summary>Null for a line that is too long.</summary>
    private static List<string?> Lines(string text)
    {
        var (lines, read) = (new TextLines(new StringReader(text)), new List<string?>());
        while (lines.Read(out var tooLong) is { } line) read.Add(tooLong ? null : line);
        return read;
    }

    private static List<string?> Unbounded(string text)
    {
        var (reader, read) = (new StringReader(text), new List<string?>());
        while (reader.ReadLine() is { } line) read.Add(line);
        return read;
    }
}

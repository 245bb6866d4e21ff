using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace Retention.Chaos.Fuzzing;

/// <summary>Valid JSON with a few of its members removed, repeated, renamed or holding something else.</summary>
internal static class MutatedJson
{
    private enum How
    {
        Remove, Replace, Repeat, Rename, Add,
    }

    private static readonly Gen<string> Values = Gen.Frequency((40, Gen.Elements(HostileText.Json)), (1, Gen.Constant($"\"{new string('x', 1 << 20)}\"")));

    private static readonly Gen<(int Place, How How, string Name, string Value)> Changes =
        from place in Gen.Choose(0, 1_000)
        from how in Gen.Elements(How.Remove, How.Replace, How.Replace, How.Replace, How.Repeat, How.Rename, How.Add)
        from name in Gen.Elements(HostileText.Names)
        from value in Values
        select (place, how, name, value);

    /// <summary>JSON text, or nearly so: see <see cref="HostileText.Bytes"/> for how its bytes come.</summary>
    public static Gen<string> Of(JsonNode sample) =>
        from count in Gen.Elements(1, 1, 1, 2, 3)
        from changes in Gen.ListOf(Changes, count)
        select Changed(sample, changes);

    private static string Changed(JsonNode sample, IEnumerable<(int Place, How How, string Name, string Value)> changes)
    {
        var (copy, raw) = (new JsonObject { ["root"] = sample.DeepClone() }, new List<string>());
        foreach (var change in changes) Change(copy, change, raw);
        var text = copy["root"]?.ToJsonString() ?? "null";
        // What came later may hold what came before.
        for (var i = raw.Count - 1; i >= 0; i--) text = text.Replace($"\"{Mark(i)}\"", raw[i], StringComparison.Ordinal);
        return text;
    }

    private static void Change(JsonObject copy, (int Place, How How, string Name, string Value) change, List<string> raw)
    {
        var members = Members(copy).ToList();
        // The root itself may be gone by now.
        if (members.Count == 0) return;
        var (parent, name) = members[change.Place % members.Count];
        switch (change.How)
        {
            case How.Remove:
                parent.Remove(name);
                break;
            case How.Replace:
                parent[name] = Marked(change.Value, raw);
                break;
            case How.Repeat:
                parent[name] = Marked($"{parent[name]?.ToJsonString() ?? "null"},\"{name}\":{change.Value}", raw);
                break;
            case How.Rename:
                var value = parent[name];
                parent.Remove(name);
                parent[Marked(change.Name, raw)] = value;
                break;
            case How.Add:
                parent[Marked(change.Name, raw)] = Marked(change.Value, raw);
                break;
        }
    }

    private static string Marked(string text, List<string> raw)
    {
        raw.Add(text);
        return Mark(raw.Count - 1);
    }

    private static string Mark(int number) => $"@@{number}@@";

    private static IEnumerable<(JsonObject Parent, string Name)> Members(JsonNode? node) => node switch
    {
        JsonObject parent => parent.SelectMany(member => Members(member.Value).Prepend((parent, member.Key))),
        JsonArray items => items.SelectMany(Members),
        _ => [],
    };
}

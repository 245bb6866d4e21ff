using System.Diagnostics;
using System.Text.RegularExpressions;
using OpenTelemetry;

namespace Retention.Api.Telemetry;

/// <summary>
/// Takes out of spans what may name a customer before they are sent: paths and queries of requests, in whose place stands the route, and
/// literals of SQL statements.
/// </summary>
internal sealed partial class Discretion : BaseProcessor<Activity>
{
    private const string Path = "url.path";
    private const string Statement = "db.query.text";

    private static readonly string[] Hidden = ["url.query", "url.full", "user_agent.original", "client.address", "network.peer.address"];

    public override void OnEnd(Activity data)
    {
        foreach (var name in Hidden)
        {
            if (data.GetTagItem(name) is not null) data.SetTag(name, null);
        }
        if (data.GetTagItem(Path) is not null) data.SetTag(Path, data.GetTagItem("http.route"));
        if (data.GetTagItem(Statement) is string sql) data.SetTag(Statement, Literal().Replace(sql, "?"));
    }

    [GeneratedRegex("'(?:[^']|'')*'")]
    private static partial Regex Literal();
}

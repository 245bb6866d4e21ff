using System.CommandLine;
using Retention.Benchmarks.Append;

var events = new Option<int>("--events") { DefaultValueFactory = _ => 100_000, Description = "Events for each batch measurement." };
var httpEvents = new Option<int>("--http-events") { DefaultValueFactory = _ => 200_000, Description = "Events for each measurement of NDJSON over HTTP." };
var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 5, Description = "Seconds for each measurement of single events." };
var only = new Option<string?>("--only") { Description = "Only measurements whose name contains this, and those they are compared with." };
var json = new Option<FileInfo?>("--json") { Description = "Also write the figures to this file; without it they follow the table." };
var append = new Command("append", "The event log's append beside plain COPY, on a private PostgreSQL.") { events, httpEvents, seconds, only, json };
append.SetAction((words, ct) => AppendBenchmark.RunAsync(
    new AppendOptions(words.GetValue(events), words.GetValue(httpEvents), TimeSpan.FromSeconds(words.GetValue(seconds)), words.GetValue(only), words.GetValue(json)), ct));

return await new RootCommand("Measures what the documentation claims.") { append }.Parse(args).InvokeAsync();

using System.CommandLine;
using Retention.Benchmarks.Append;
using Retention.Benchmarks.Clv;
using Retention.Benchmarks.Polling;
using Retention.Benchmarks.Query;
using Retention.Benchmarks.Replay;

var events = new Option<int>("--events") { DefaultValueFactory = _ => 100_000, Description = "Events for each batch measurement." };
var httpEvents = new Option<int>("--http-events") { DefaultValueFactory = _ => 200_000, Description = "Events for each measurement of NDJSON over HTTP." };
var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 5, Description = "Seconds for each measurement of single events." };
var only = new Option<string?>("--only") { Description = "Only measurements whose name contains this, and those they are compared with." };
var json = new Option<FileInfo?>("--json") { Description = "Also write the figures to this file; without it they follow the table." };
var append = new Command("append", "The event log's append beside plain COPY, on a private PostgreSQL.") { events, httpEvents, seconds, only, json };
append.SetAction((words, ct) => AppendBenchmark.RunAsync(
    new AppendOptions(words.GetValue(events), words.GetValue(httpEvents), TimeSpan.FromSeconds(words.GetValue(seconds)), words.GetValue(only), words.GetValue(json)), ct));

var sample = new Option<FileInfo?>("--sample") { Description = "The CDNOW sample as a CSV file; without it, as many customers are simulated." };
var repeat = new Option<int>("--repeat") { DefaultValueFactory = _ => 3, Description = "How often each measurement is taken, after one to warm up; the median counts." };
var onlyData = new Option<string?>("--only") { Description = "Only data sets whose name contains this." };
var clv = new Command("clv", "Fits and scores of the predictive models, up to a million customers.") { sample, repeat, onlyData, json };
clv.SetAction(words => ClvBenchmark.Run(
    new ClvOptions(words.GetValue(sample), words.GetValue(repeat), words.GetValue(onlyData), words.GetValue(json))));

var customers = new Option<int>("--customers") { DefaultValueFactory = _ => 1_000_000, Description = "Customers of the large tenant; the small one has a tenth." };
var purchases = new Option<int>("--purchases") { DefaultValueFactory = _ => 10_000_000, Description = "Purchases of the large tenant, about." };
var times = new Option<int>("--repeat") { DefaultValueFactory = _ => 20, Description = "How often each question is asked." };
var part = new Option<string?>("--only") { Description = "Only measurements whose name contains this." };
var data = new Option<DirectoryInfo?>("--data") { Description = "Keep the generated data in this folder, and use what an earlier run has kept there." };
var query = new Command("query", "Questions from cells, by folds and as plain SQL, on a private PostgreSQL.") { customers, purchases, times, part, data, json };
query.SetAction((words, ct) => QueryBenchmark.RunAsync(
    new QueryOptions(words.GetValue(customers), words.GetValue(purchases), words.GetValue(times))
    {
        Only = words.GetValue(part) ?? "",
        Data = words.GetValue(data),
        Json = words.GetValue(json),
    }, ct));

var logEvents = new Option<int>("--events") { DefaultValueFactory = _ => 10_000_000, Description = "Events of the large log; the small one has a tenth." };
var logCustomers = new Option<int>("--customers") { DefaultValueFactory = _ => 1_000_000, Description = "Customers of the large log; the small one has a tenth." };
var memory = new Option<int[]>("--memory") { DefaultValueFactory = _ => [256], Description = "MB that a rebuild may take; several for the curve of speed over memory.", AllowMultipleArgumentsPerToken = true };
var workers = new Option<int>("--workers") { DefaultValueFactory = _ => Environment.ProcessorCount, Description = "Threads that read and fold." };
var logData = new Option<DirectoryInfo?>("--data") { Description = "A folder in which the generated logs stay for further runs." };
var replay = new Command("replay", "The rebuild of all read models beside merely reading and parsing the log, on a private PostgreSQL.") { logEvents, logCustomers, memory, workers, logData, json };
replay.SetAction((words, ct) => ReplayBenchmark.RunAsync(
    new ReplayOptions(words.GetValue(logEvents), words.GetValue(logCustomers), words.GetValue(memory)!)
    {
        Workers = words.GetValue(workers),
        Data = words.GetValue(logData),
        Json = words.GetValue(json),
    }, ct));

var connections = new Option<int>("--connections") { DefaultValueFactory = _ => 32, Description = "Connections that ask at the same time." };
var polling = new Command("polling", "Unchanged and kept answers beside an endpoint that does nothing.") { seconds, connections, repeat, json };
polling.SetAction((words, ct) => PollingBenchmark.RunAsync(
    new PollingOptions(TimeSpan.FromSeconds(words.GetValue(seconds)), words.GetValue(connections), words.GetValue(repeat), words.GetValue(json)), ct));

return await new RootCommand("Measures what the documentation claims.") { append, clv, query, replay, polling }.Parse(args).InvokeAsync();

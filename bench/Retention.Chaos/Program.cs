using System.CommandLine;
using System.Globalization;
using Retention.Chaos;

var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 60, Description = "For how long the load goes on, about." };
var seed = new Option<int>("--seed") { DefaultValueFactory = _ => 7, Description = "Of moments and loads." };
var control = new Option<bool>("--control") { Description = "Take the protection away that the trial is about: it must FAIL then." };

var root = new RootCommand("Breaks the service on purpose and says whether its promises held. Exit codes: 0 PASS, 1 FAIL.")
{
    OnStore("takeover", "Three processes on one database: the owner of the projections is killed and paused in turn.", TakeoverTrial.RunAsync),
    Of("ledger", "The service and its PostgreSQL are killed at random moments, against a ledger of what was acknowledged.", LedgerTrial.RunAsync),
    Of("restart", "PostgreSQL is killed and comes back: the service goes on by itself.", RestartTrial.RunAsync),
    Of("disk-full", "PostgreSQL's disk becomes full, and has room again. Needs the right to mount a small file system.", DiskFullTrial.RunAsync),
    OnStore("poison", "An event that cannot be read, in one of three tenants.", PoisonTrial.RunAsync),
    OnStore("torture", "Twelve writers that dawdle and give up, and readers that follow.", TortureTrial.RunAsync),
    OnStore("slow-clients", "Two hundred clients that send a byte a second.", SlowClientsTrial.RunAsync),
    OnStore("fuzz", "Events, files and questions with something wrong in them, and bodies without end.", FuzzTrial.RunAsync),
    OnStore("matrix", "Every operation, asked by whoever may not.", MatrixTrial.RunAsync),
    OnStore("latency", "Reads of cells beside ingest at half of its maximum.", LatencyTrial.RunAsync),
};
// What was started is taken down before this process ends.
return await root.Parse(args is [] ? ["--help"] : args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });

Command Of(string name, string what, Func<TrialOptions, CancellationToken, Task<Verdict>> run)
{
    var command = new Command(name, what) { seconds, seed, control };
    command.SetAction(async (words, ct) =>
    {
        var options = new TrialOptions(TimeSpan.FromSeconds(words.GetValue(seconds)), words.GetValue(seed)) { Control = words.GetValue(control), Say = Say };
        Say($"{name}{(options.Control ? " without protection" : "")}, {options.Duration.TotalSeconds:n0} s, seed {options.Seed}");
        var verdict = await run(options, ct);
        Console.WriteLine(verdict);
        Console.WriteLine($"{(verdict.Passed ? "PASS" : "FAIL")} {name}{(options.Control ? " (a control: it must fail)" : "")}");
        return verdict.Passed ? 0 : 1;
    });
    return command;
}

Command OnStore(string name, string what, Func<Store, TrialOptions, CancellationToken, Task<Verdict>> run) => Of(name, what, async (options, ct) =>
{
    await using var store = await Store.StartAsync(options.Say, ct);
    return await run(store, options, ct);
});

static void Say(string sentence) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {sentence}"));

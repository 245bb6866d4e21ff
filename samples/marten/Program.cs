using System.Globalization;
using JasperFx.Events.Daemon;
using JasperFx.Resources;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Retention.Sample;
using Wolverine;
using Wolverine.Marten;
using static Retention.Domain.Events.CustomerEvent;
using CustomerStream = Retention.Domain.Events.CustomerStream;
using EventId = Retention.Domain.Events.EventId;

const string Source = "marten-sample";

if (args is not [var connectionString, var tenant, var customer])
{
    Console.Error.WriteLine("usage: dotnet run -- \"Host=…;Database=…;Username=…\" TENANT CUSTOMER");
    return 2;
}
using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
var stream = CustomerStream.Of(customer);

// Open the log, fold one customer's stream, and see how far the log has come.
using var store = DocumentStore.For(options => RetentionLog.Open(options, connectionString));
await using var query = store.QuerySession(tenant);
var before = await query.Events.AggregateStreamAsync<CustomerPurchases>(stream, token: patience.Token);
Console.WriteLine($"Live: {before?.ToString() ?? "nothing yet"}");
var head = (await store.Advanced.FetchEventStoreStatistics(token: patience.Token)).EventSequenceNumber;

// The daemon keeps the documents; Wolverine's subscription starts after what is in the log now.
using var host = await Host.CreateDefaultBuilder()
    .ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Warning))
    .UseWolverine(wolverine =>
    {
        wolverine.Durability.Mode = DurabilityMode.Solo;
        wolverine.UseRuntimeCompilation();
        wolverine.Services.AddMarten(options => RetentionLog.Open(options, connectionString))
            .IntegrateWithWolverine(integration => integration.MessageStorageSchemaName = "wolverine")
            .AddAsyncDaemon(DaemonMode.Solo)
            .PublishEventsToWolverine("PurchaseMessages", relay =>
            {
                relay.PublishEvent<PurchaseMade>();
                relay.Options.SubscribeFromSequence(head);
            });
        wolverine.Services.AddResourceSetupOnStartup();
    })
    .StartAsync(patience.Token);

// Append a purchase. Its id and headers name its sender, so that Retention knows the same purchase when it comes by HTTP.
var orderId = $"marten-{Guid.NewGuid():n}";
await using (var session = store.LightweightSession(tenant))
{
    var purchase = session.Events.BuildEvent(new PurchaseMade(
        orderId, before?.Currency ?? "EUR", Total: 49.90m, Lines: null, Gross: null, Discounts: null, StoreCredit: null, Tax: null,
        Shipping: null, Margin: null, Channel: "marten"));
    purchase.Id = EventId.Of(tenant, Source, orderId);
    purchase.SetHeader("source", Source);
    purchase.SetHeader("id", orderId);
    purchase.SetHeader("occurredAt", DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture));
    purchase.SetHeader("schema", 1);
    session.Events.Append(stream, purchase);
    await session.SaveChangesAsync(patience.Token);
}
var position = (await query.Events.FetchStreamAsync(stream, token: patience.Token))[^1].Sequence;
Console.WriteLine($"Appended {orderId} at position {position}");

await foreach (var delivered in PurchaseMadeHandler.Orders.Reader.ReadAllAsync(patience.Token))
    if (delivered == orderId) break;

CustomerPurchases? document = null;
while (document?.LastOrder != orderId)
{
    await Task.Delay(TimeSpan.FromMilliseconds(200), patience.Token);
    await using var look = store.QuerySession(tenant);
    document = await look.LoadAsync<CustomerPurchases>(stream, patience.Token);
}
Console.WriteLine($"Document: {document}");
await host.StopAsync();

Console.WriteLine($"Retention has counted it as soon as this answers: GET /v1/customers/{customer}?minPosition={position}");
return 0;

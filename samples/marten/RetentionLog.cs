using JasperFx.Events;
using JasperFx.Events.Projections;
using JasperFx.MultiTenancy;
using Marten;
using Retention.Domain.Definitions;
using Weasel.Core;
using Vocabulary = Retention.Domain.Events.EventType;

namespace Retention.Sample;

/// <summary>The options with which Marten opens Retention's log; docs/marten.md says what each of them is for.</summary>
internal static class RetentionLog
{
    public static void Open(StoreOptions options, string connectionString)
    {
        options.Connection(connectionString);
        options.DatabaseSchemaName = "marten_sample";
        options.Events.DatabaseSchemaName = "retention";
        options.Events.StreamIdentity = StreamIdentity.AsString;
        options.Events.TenancyStyle = TenancyStyle.Conjoined;
        options.Events.AppendMode = EventAppendMode.QuickWithServerTimestamps;
        options.Events.EnableUniqueIndexOnEventId = true;
        options.Events.MetadataConfig.CorrelationIdEnabled = true;
        options.Events.MetadataConfig.CausationIdEnabled = true;
        options.Events.MetadataConfig.HeadersEnabled = true;
        options.UseSystemTextJsonForSerialization(casing: Casing.CamelCase);
        foreach (var type in Vocabulary.All) options.Events.MapEventType(type.ClrType, type.Name);
        options.Events.MapEventType(typeof(SettingsChanged), SettingsChanged.Name);

        // The sample's own read model: a document for each customer, kept by Marten's daemon.
        options.Policies.AllDocumentsAreMultiTenanted();
        options.Projections.Snapshot<CustomerPurchases>(SnapshotLifecycle.Async);
    }
}

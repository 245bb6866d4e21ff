using System.Collections.Concurrent;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <param name="Version">How often they were changed; 0 for the defaults.</param>
/// <param name="Position">The log position of the last change; 0 for the defaults.</param>
public sealed record SettingsVersion(Settings Settings, long Version, long Position)
{
    public static SettingsVersion Default { get; } = new(Settings.Default, 0, 0);
}

/// <summary>A tenant's settings as the log holds them, ahead of what is projected.</summary>
public sealed class TenantSettings(EventLog.EventLog log, TimeProvider time)
{
    private static readonly OwnEvents Changes = new(CustomerStream.Settings, SettingsChanged.Name, typeof(SettingsChanged), SettingsChanged.SchemaVersion);

    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (SettingsVersion Version, long ReadAt)> recent = new(StringComparer.Ordinal);

    /// <summary>
    /// The settings as of at most a second ago, for rules that small requests are checked against. What orders and answers have fixed
    /// never changes, and a change of settings in this process is seen at once.
    /// </summary>
    public async Task<SettingsVersion> RecentAsync(string tenant, CancellationToken ct)
    {
        if (recent.TryGetValue(tenant, out var known) && time.GetElapsedTime(known.ReadAt) < Recent) return known.Version;
        var readAt = time.GetTimestamp();
        var version = await LoadAsync(tenant, ct);
        recent[tenant] = (version, readAt);
        return version;
    }

    /// <summary>Forgets what was read lately of a tenant that is deleted.</summary>
    public void Forget(string tenant) => recent.TryRemove(tenant, out _);

    /// <summary>The newest settings.</summary>
    /// <exception cref="UnreadableEventException">Their event cannot be read.</exception>
    public async Task<SettingsVersion> LoadAsync(string tenant, CancellationToken ct)
    {
        var last = await log.ReadLastAsync(tenant, CustomerStream.Settings, ct);
        return last is null ? SettingsVersion.Default : new SettingsVersion(TenantEvents.SettingsOf(last), last.Version, last.Position);
    }

    /// <summary>The settings that were known at a position.</summary>
    /// <exception cref="UnreadableEventException">Their event cannot be read.</exception>
    public async Task<SettingsVersion> AtAsync(string tenant, long position, CancellationToken ct)
    {
        var known = (await log.ReadStreamAsync(tenant, CustomerStream.Settings, ct: ct)).LastOrDefault(stored => stored.Position <= position);
        return known is null ? SettingsVersion.Default : new SettingsVersion(TenantEvents.SettingsOf(known), known.Version, known.Position);
    }

    /// <summary>Changes settings against their newest version; somebody else's change in between is taken into account.</summary>
    /// <param name="change">The settings wanted, or the same ones for no change. May be called more than once.</param>
    public async Task<SettingsVersion> ChangeAsync(string tenant, Func<SettingsVersion, Settings> change, CancellationToken ct)
    {
        while (true)
        {
            var current = await LoadAsync(tenant, ct);
            Forget(tenant);
            var wanted = change(current);
            if (ReferenceEquals(wanted, current.Settings)) return current;
            try
            {
                var appended = await log.AppendAsync(tenant, [Changed(tenant, wanted, current.Version)], AppendMode.AllOrNone, ct);
                Forget(tenant);
                if (appended[0] is Appended.Stored stored) return new SettingsVersion(wanted, stored.Version, stored.Position);
            }
            catch (VersionConflictException)
            {
                // Another change came first, as it does where the id of the version is taken; this one is made again on top of it.
            }
        }
    }

    private NewEvent Changed(string tenant, Settings settings, long version) =>
        Changes.Happened((tenant, $"settings-{version + 1}"), new SettingsChanged(settings).ToData(), time.GetUtcNow(), version);
}

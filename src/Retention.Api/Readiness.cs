namespace Retention.Api;

/// <summary>Whether the service has come up.</summary>
public sealed class Readiness
{
    /// <summary>The schema is in place.</summary>
    public bool Started { get; set; }

    /// <summary>The service was told to stop: requests are still answered, but shall go elsewhere.</summary>
    public bool Stopping { get; set; }

    /// <summary>Why not, while it has not.</summary>
    public string Reason { get; set; } = "the schema is being brought up to date";
}

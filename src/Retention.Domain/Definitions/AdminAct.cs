using System.Text.Json;

namespace Retention.Domain.Definitions;

/// <summary>The event of an act of administration, written before it is carried out: an act without a record cannot be.</summary>
/// <param name="Act">What was asked for, such as <c>PUT /v1/settings</c> or <c>keys create</c>.</param>
/// <param name="By">The prefix of the key that asked, <c>token:</c> and the subject of a token, or <c>command line</c>.</param>
/// <param name="Subject">What it is about: the path, or the prefix of a key.</param>
/// <param name="Scopes">Of a key that was made; null for every other act.</param>
public sealed record AdminAct(string Act, string By, string Subject, IReadOnlyList<string>? Scopes = null)
{
    /// <summary>The stored name.</summary>
    public const string Name = "admin_act";

    /// <summary>The version of the shape of <c>data</c> that is written today.</summary>
    public const int SchemaVersion = 1;

    public string ToData() => JsonSerializer.Serialize(this, Settings.Json);

    /// <exception cref="InvalidDataException">The data is no act.</exception>
    public static AdminAct Read(JsonElement data) =>
        data.Deserialize<AdminAct>(Settings.Json) is { Act: not null, By: not null, Subject: not null } act
            ? act
            : throw new InvalidDataException("An act of administration lacks what it was, by whom, or of what.");
}

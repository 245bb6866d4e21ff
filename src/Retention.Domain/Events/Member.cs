namespace Retention.Domain.Events;

/// <summary>What a member of <c>data</c> holds, in JSON.</summary>
public enum MemberKind
{
    Text,
    Number,
    Whole,
    Flag,

    /// <summary>An array of objects.</summary>
    List,

    /// <summary>An object of scalars under names that the sender chooses.</summary>
    Attributes,
}

/// <summary>A member as its reader asks for it. An optional one may be null, which is the same as absent.</summary>
/// <param name="Required">Present, not null and, of a text, not empty.</param>
public sealed record Member(string Name, MemberKind Kind, bool Required = false)
{
    /// <summary>Most UTF-16 units of a text.</summary>
    public int? MaxLength { get; init; }

    /// <summary>The only values of a text; null where any is allowed.</summary>
    public IReadOnlyList<string>? Allowed { get; init; }

    /// <summary>The members of each object of a list.</summary>
    public IReadOnlyList<Member> Items { get; init; } = [];

    /// <summary>What each object of a list is read as; null for what is no list.</summary>
    public Type? ItemType { get; init; }
}

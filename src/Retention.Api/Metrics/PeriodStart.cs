using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retention.Domain.Events;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>The local start of a period as answers spell it: an ISO date, or for an hour an RFC 3339 time with the zone's offset.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct PeriodStart(string Text)
{
    public static PeriodStart Of(Question question, int period) => question.Partition.OfDays
        ? Of(question.Partition.StartOf(period))
        : new(Timestamp.Format(question.Partition.InstantOf(period, question.Definition.Calendar)));

    public static PeriodStart Of(DateOnly day) => new(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    public override string ToString() => Text;

    private sealed class Converter : JsonConverter<PeriodStart>
    {
        public override PeriodStart Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, PeriodStart value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
    }
}

namespace Retention.Projections.EventLog;

/// <summary>The instruments and scales of answers in the log, as they were given.</summary>
public sealed class GivenScales(Place place)
{
    /// <param name="answers">Ids of events; what is no answer, or not there, is left out.</param>
    /// <returns>Scores that the answer itself names its scale by are null where it names none.</returns>
    public async Task<IReadOnlyDictionary<Guid, (string Instrument, int? Min, int? Max)>> OfAsync(Guid[] answers, CancellationToken ct)
    {
        const string sql = """
            select id, data->>'instrument', (data->>'scaleMin')::int, (data->>'scaleMax')::int from {schema}.mt_events
            where id = any($1) and type = 'feedback_given' and not is_archived and data->>'instrument' is not null
            """;
        await using var command = place.Command(sql);
        command.Parameters.AddWithValue(answers);
        var scales = new Dictionary<Guid, (string, int?, int?)>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            scales.Add(reader.GetGuid(0), (reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetInt32(2), reader.IsDBNull(3) ? null : reader.GetInt32(3)));
        return scales;
    }
}

using System.Text;

namespace Retention.Api.Tests.Telemetry;

/// <summary>A message of Protocol Buffers, read by the numbers of its fields: as much of the wire format as OTLP needs.</summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Number, byte[] Bytes)> fields = [];

    public ProtoMessage(ReadOnlySpan<byte> wire)
    {
        while (!wire.IsEmpty)
        {
            var key = Varint(ref wire);
            fields.Add(((int)(key >> 3), Take(ref wire, (int)(key & 7))));
        }
    }

    public IEnumerable<byte[]> All(int number) => fields.Where(field => field.Number == number).Select(field => field.Bytes);

    public IEnumerable<ProtoMessage> Messages(int number) => All(number).Select(bytes => new ProtoMessage(bytes));

    public string Text(int number) => Encoding.UTF8.GetString(All(number).FirstOrDefault() ?? []);

    public string Hex(int number) => Convert.ToHexStringLower(All(number).FirstOrDefault() ?? []);

    /// <summary>Lists of key (field 1) and value (field 2), whose first field is its text.</summary>
    public Dictionary<string, string> Attributes(int number) =>
        Messages(number).ToDictionary(pair => pair.Text(1), pair => pair.Messages(2).FirstOrDefault()?.Text(1) ?? "", StringComparer.Ordinal);

    private static byte[] Take(ref ReadOnlySpan<byte> wire, int type)
    {
        if (type == 0) return BitConverter.GetBytes(Varint(ref wire));
        var length = type switch { 1 => 8, 2 => (int)Varint(ref wire), 5 => 4, _ => throw new InvalidDataException($"wire type {type}") };
        var bytes = wire[..length].ToArray();
        wire = wire[length..];
        return bytes;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> wire)
    {
        var (value, shift) = (0UL, 0);
        while (true)
        {
            var next = wire[0];
            wire = wire[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
            shift += 7;
        }
    }
}

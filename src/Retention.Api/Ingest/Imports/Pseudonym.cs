using System.Security.Cryptography;
using System.Text;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// A customer's id where a source names customers only by how to reach them: the first 80 bits of the SHA-256 of the address in lower case,
/// after <c>c-</c>. The same person has the same id in every file, and nobody reads an address out of it; whoever knows the address can
/// compute the id.
/// </summary>
internal static class Pseudonym
{
    private const int Bytes = 10;

    public static string Of(string address) =>
        $"c-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.Trim().ToLowerInvariant())).AsSpan(0, Bytes))}";
}

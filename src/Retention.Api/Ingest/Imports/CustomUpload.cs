using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Retention.Api.Ingest.Imports;

/// <summary>A body of <c>multipart/form-data</c> with the parts <c>mapping</c>, a mapping file, and <c>file</c>, in any order.</summary>
internal static class CustomUpload
{
    /// <summary>Most bytes of a mapping file.</summary>
    private const long MostBytes = 1024 * 1024;

    /// <exception cref="ProblemException">415 for another body, 400 for one without both parts, 422 for a mapping that is none.</exception>
    public static async Task<(Mapping Mapping, FileStream File)> ReadAsync(HttpContext http)
    {
        if (!MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var media) || media.MediaType != "multipart/form-data" || HeaderUtilities.RemoveQuotes(media.Boundary) is not { Length: > 0 } boundary)
            throw new ProblemException(415, "unsupported_media_type", "With mapping=custom the Content-Type must be multipart/form-data with the parts mapping and file.");
        var (mapping, file, ct) = ((Mapping?)null, (FileStream?)null, http.RequestAborted);
        try
        {
            var parts = new MultipartReader(boundary.Value!, http.Request.Body);
            while (await NextAsync(parts, ct) is var (name, body))
            {
                if (name == "mapping" && mapping is null) mapping = await MappingOfAsync(body, ct);
                else if (name == "file" && file is null) file = await ImportEndpoints.SpoolAsync(http, body);
                else throw Malformed($"The part {name} is not expected, or comes twice; allowed are mapping and file, once each.");
            }
            return (mapping ?? throw Malformed("The part mapping is missing: the mapping file."), file ?? throw Malformed("The part file is missing: the CSV file."));
        }
        catch
        {
            if (file is not null) await file.DisposeAsync();
            throw;
        }
    }

    private static async Task<Mapping> MappingOfAsync(Stream body, CancellationToken ct)
    {
        using var json = await JsonBody.ParseAsync(await BoundedBody.ReadAsync(body, MostBytes, ct), ct);
        return CustomMappingReader.Read(json.RootElement.Clone());
    }

    private static async Task<(string Name, Stream Body)?> NextAsync(MultipartReader parts, CancellationToken ct)
    {
        try
        {
            if (await parts.ReadNextSectionAsync(ct) is not { } part) return null;
            return (part.GetContentDispositionHeader() is { } header ? HeaderUtilities.RemoveQuotes(header.Name).ToString() : "", part.Body);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw Malformed("The body is not multipart/form-data to its end.");
        }
    }

    private static ProblemException Malformed(string detail) => new(400, "malformed_body", detail);
}

using Retention.Domain.Events;

namespace Retention.Api.Ingest;

/// <summary><c>GET /v1/event-types</c>: what can be sent, each type with the JSON Schema of its <c>data</c>.</summary>
public static class EventTypeEndpoints
{
    private const string Path = "/v1/event-types";

    public static void MapEventTypes(this IEndpointRouteBuilder routes)
    {
        var types = routes.MapGroup(Path).WithTags("Ingest");
        types.MapGet("", List).WithSummary("The event types, with where their schemas are");
        types.MapGet("{type}", Get).WithSummary("The JSON Schema (draft 2020-12) of a type's data")
            .Produces(200, contentType: EventSchema.MediaType).ProducesProblem(404);
    }

    private static IResult List(HttpContext http)
    {
        QueryReader.Of(http).Only();
        return Results.Ok(new
        {
            eventTypes = EventType.All.Select(type => new
            {
                name = type.Name,
                meaning = type.Meaning,
                required = type.Members.Where(member => member.Required).Select(member => member.Name),
                schemaVersion = type.SchemaVersion,
                schema = $"{Path}/{type.Name}",
            }),
        });
    }

    private static IResult Get(string type, HttpContext http)
    {
        QueryReader.Of(http).Only();
        return EventType.Named(type) is { } known ? Results.Json(EventSchema.Of(known), contentType: EventSchema.MediaType)
            : throw new ProblemException(
                404, "unknown_type", $"There is no event type {type}; there are {string.Join(", ", EventType.All.Select(other => other.Name))}.");
    }
}

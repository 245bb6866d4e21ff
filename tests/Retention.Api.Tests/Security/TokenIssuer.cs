using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using Retention.Api.Security.Tokens;

namespace Retention.Api.Tests.Security;

/// <summary>Signs tokens with keys of its own and publishes their public halves, as a company's sign-in service does.</summary>
internal sealed class TokenIssuer : IAsyncDisposable
{
    public const string Name = "https://id.example";
    public const string Audience = "retention";

    private readonly RSA rsa = RSA.Create(2048);
    private readonly ECDsa elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA unpublished = RSA.Create(2048);
    private readonly WebApplication publishing;
    private readonly List<JsonObject> published;
    private volatile bool silent;
    private int reads;

    private TokenIssuer(WebApplication publishing)
    {
        this.publishing = publishing;
        published = [PublicHalf(rsa, "rsa"), PublicHalf(elliptic, "ec")];
    }

    /// <summary>How often the keys were asked for.</summary>
    public int Reads => reads;

    public TokenOptions Options => new(Name, Audience, $"{publishing.Urls.First()}/keys");

    /// <summary>The RSA key as anybody may know it, in PEM.</summary>
    public string PublicKey => rsa.ExportSubjectPublicKeyInfoPem();

    public static async Task<TokenIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var issuer = new TokenIssuer(builder.Build());
        issuer.publishing.MapGet("/keys", issuer.KeySet);
        await issuer.publishing.StartAsync(TestContext.Current.CancellationToken);
        return issuer;
    }

    public void PublishOther() => published.Add(PublicHalf(unpublished, "other"));

    public void Withdraw(string id) => published.RemoveAll(key => key["kid"]!.GetValue<string>() == id);

    public void FallSilent() => silent = true;

    /// <summary>The set that it would publish, as a file.</summary>
    public string Text() => new JsonObject { ["keys"] = new JsonArray([.. published.Select(key => key.DeepClone())]) }.ToJsonString();

    /// <summary>A token of the RSA key.</summary>
    public string Sign(JsonObject claims, string id = "rsa") => Signed(new JsonObject { ["alg"] = "RS256", ["typ"] = "JWT", ["kid"] = id }, claims, bytes => (id == "other" ? unpublished : rsa).SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public string SignElliptic(JsonObject claims) => Signed(new JsonObject { ["alg"] = "ES256", ["kid"] = "ec" }, claims, bytes => elliptic.SignData(bytes, HashAlgorithmName.SHA256));

    /// <summary>What somebody makes up who has no private key.</summary>
    public static string Signed(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var text = $"{Base64UrlEncoder.Encode(header.ToJsonString())}.{Base64UrlEncoder.Encode(claims.ToJsonString())}";
        return $"{text}.{Base64UrlEncoder.Encode(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    /// <summary>Good claims for an hour from a moment.</summary>
    public static JsonObject Claims(DateTimeOffset now, string tenant, JsonNode scope) => new()
    {
        ["iss"] = Name,
        ["aud"] = Audience,
        ["sub"] = "anna",
        ["nbf"] = now.ToUnixTimeSeconds(),
        ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
        ["tenant"] = tenant,
        ["scope"] = scope,
    };

    public async ValueTask DisposeAsync()
    {
        await publishing.DisposeAsync();
        rsa.Dispose();
        elliptic.Dispose();
        unpublished.Dispose();
    }

    private IResult KeySet()
    {
        Interlocked.Increment(ref reads);
        return silent ? Results.StatusCode(503) : Results.Text(Text(), "application/json");
    }

    private static JsonObject PublicHalf(RSA key, string id)
    {
        var half = key.ExportParameters(false);
        return new JsonObject { ["kty"] = "RSA", ["kid"] = id, ["use"] = "sig", ["n"] = Base64UrlEncoder.Encode(half.Modulus), ["e"] = Base64UrlEncoder.Encode(half.Exponent) };
    }

    private static JsonObject PublicHalf(ECDsa key, string id)
    {
        var half = key.ExportParameters(false);
        return new JsonObject
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["kid"] = id,
            ["alg"] = "ES256",
            ["x"] = Base64UrlEncoder.Encode(half.Q.X),
            ["y"] = Base64UrlEncoder.Encode(half.Q.Y),
        };
    }
}

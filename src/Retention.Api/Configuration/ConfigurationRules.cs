using System.Globalization;
using System.Net;
using FluentValidation;
using Npgsql;

namespace Retention.Api.Configuration;

/// <summary>What each member of the configuration may be. A message follows the member's name and says what is allowed.</summary>
internal sealed class ConfigurationRules : AbstractValidator<ServiceConfiguration>
{
    private const string TrueOrFalse = "must be true or false";

    public ConfigurationRules()
    {
        RuleFor(all => all.Port).Must(text => IsWhole(text, 1, 65_535)).WithMessage("must be a whole number from 1 to 65535");
        RuleFor(all => all.Listen).Must(text => IPAddress.TryParse(text, out _)).When(all => all.Listen is not null).WithMessage("must be an IP address, such as 0.0.0.0");
        RuleFor(all => all.Data).NotEmpty().WithMessage("must be the path of a folder");
        RuleFor(all => all.Connection).Must(IsConnection).When(all => all.Connection is not null)
            .WithMessage("must be a connection string in Npgsql's form with Host, such as Host=db;Username=retention;Password=…;Database=retention");
        RuleFor(all => all.OwnerConnection).Must(IsConnection).When(all => all.OwnerConnection is not null)
            .WithMessage("must be a connection string in Npgsql's form with Host, such as Host=db;Username=retention_owner;Password=…;Database=retention");
        RuleFor(all => all.OwnerConnection).Must((all, _) => all.Connection is not null).When(all => all.OwnerConnection is not null)
            .WithMessage("must be told together with connection, which is then of a user who owns nothing");
        RuleFor(all => all.Demo).Must(IsFlag).WithMessage(TrueOrFalse);
        RuleFor(all => all.Projections).Must(IsFlag).WithMessage(TrueOrFalse);
        RuleFor(all => all.Node).Length(1, 200).When(all => all.Node is not null).WithMessage("must be a name of 1 to 200 characters");
        RuleFor(all => all.LeaseTerm).Must(text => IsWhole(text, 2, 300)).WithMessage("must be a whole number of seconds from 2 to 300");
        RuleFor(all => all.RebuildMemory).Must(text => IsWhole(text, 1, 1_000_000)).WithMessage("must be a whole number of MB from 1 to 1000000");
        RuleFor(all => all.HistoryMemory).Must(text => IsWhole(text, 0, 1_000_000)).WithMessage("must be a whole number of MB from 0 to 1000000");
        RuleFor(all => all.AnswerMemory).Must(text => IsWhole(text, 0, 1_000_000)).WithMessage("must be a whole number of MB from 0 to 1000000");
        RuleForEach(all => all.Origins).Must(IsOrigin).WithMessage("must be a scheme, host and port, such as https://bi.example.com");
        RuleFor(all => all.Dashboard).Must(Directory.Exists).When(all => all.Dashboard is not null).WithMessage("must be a folder that exists");
        RuleFor(all => all.TokenIssuer).Must((all, _) => new[] { all.TokenIssuer, all.TokenAudience, all.TokenKeys }.Count(told => told is not null) is 0 or 3)
            .WithMessage("must be told together with tokenAudience and tokenKeys, or none of them");
        RuleFor(all => all.TokenKeys).Must((all, _) => all.Tokens?.Fault() is null).WithMessage("must be an https URL, an http URL of this machine or a file that exists, and issuer and audience not empty");
        RuleFor(all => all.Limits).Custom((told, context) =>
        {
            foreach (var (name, text) in told)
            {
                if (ConfiguredLimits.Fault(name, text) is { } fault) context.AddFailure($"{nameof(ServiceConfiguration.Limits)}[{name}]", fault);
            }
        });
        RuleFor(all => all.AllowFsyncOff).Must(IsFlag).WithMessage(TrueOrFalse);
        RuleFor(all => all.DrainNotice).Must(text => IsWhole(text, 0, 300)).WithMessage("must be a whole number of seconds from 0 to 300");
        RuleFor(all => all.DrainLimit).Must(text => IsWhole(text, 1, 600)).WithMessage("must be a whole number of seconds from 1 to 600");
    }

    private static bool IsWhole(string? text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most;

    private static bool IsFlag(string? text) => bool.TryParse(text, out _);

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == text;

    private static bool IsConnection(string? text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text).Host is { Length: > 0 };
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

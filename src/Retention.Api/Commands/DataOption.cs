using System.CommandLine;
using Retention.Api.Configuration;

namespace Retention.Api.Commands;

/// <summary>The option <c>--data</c> of every command that has to do with a running service.</summary>
internal static class DataOption
{
    /// <summary>Names the folder of the clone, whose <c>data</c> is the default; set by the script <c>retention</c>.</summary>
    public const string HomeVariable = "RETENTION_HOME";

    /// <summary>The folder where nothing names another.</summary>
    public static string Default => Path.Combine(Environment.GetEnvironmentVariable(HomeVariable) ?? Environment.CurrentDirectory, "data");

    public static Option<string> Create() =>
        new("--data")
        {
            Description = "Folder of the service's data",
            HelpName = "DIR",
            DefaultValueFactory = result =>
            {
                try
                {
                    return EffectiveConfiguration.Read(null, []).Values.Data;
                }
                catch (ConfigurationException fault)
                {
                    result.AddError(fault.Message);
                    return Default;
                }
            },
        };
}

using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Hugesim.Silo;

/// <summary>The places that settings come from, and readers that say in an error which of them was wrong.</summary>
internal sealed class SettingSources
{
    private const string DefaultFile = "appsettings.json";

    private readonly (Func<SiloSetting, string> NameOf, IConfiguration Values)[] _sources;

    private SettingSources(params (Func<SiloSetting, string>, IConfiguration)[] sources) => _sources = sources;

    /// <summary>Opens all sources; the first one that has a setting decides.</summary>
    public static SettingSources Load(string? file, IReadOnlyDictionary<string, string> flags)
    {
        var environment = new ConfigurationBuilder().AddEnvironmentVariables(SiloSetting.EnvironmentPrefix).Build();
        return new SettingSources(
            (setting => setting.Flag, InMemory(flags)),
            (setting => setting.Variable, InMemory(SiloSetting.All
                .Where(setting => Value(environment, setting) is not null)
                .ToDictionary(setting => setting.Key, setting => Value(environment, setting)!))),
            (setting => $"{SiloSetting.Section}:{setting.Key} in {file ?? DefaultFile}", OpenFile(file)));

        static string? Value(IConfiguration environment, SiloSetting setting) => environment[setting.Variable[SiloSetting.EnvironmentPrefix.Length..]];
    }

    /// <summary>A setting's text.</summary>
    public string Text(SiloSetting setting) => Find(setting).Value;

    /// <summary>A port; 0 where the setting allows to have none.</summary>
    public int Port(SiloSetting setting, int minimum) => Parse<object>(
        setting,
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port >= minimum && port <= ushort.MaxValue ? port : null,
        $"a port from {minimum} to {ushort.MaxValue}") is int port ? port : 0;

    /// <summary>One of the words of an enumeration.</summary>
    public T Choice<T>(SiloSetting setting)
        where T : struct, Enum => (T)Parse<object>(
            setting,
            text => Enum.GetNames<T>().FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name ? Enum.Parse<T>(name) : null,
            "one of " + string.Join(", ", typeof(T).Namespace!.StartsWith("Microsoft", StringComparison.Ordinal)
                ? Enum.GetNames<T>()
                : Enum.GetNames<T>().Select(name => name.ToLowerInvariant())));

    /// <summary>A setting that has a form of its own, or null if it is not given.</summary>
    public T? Optional<T>(SiloSetting setting, Func<string, T?> parse, string form)
        where T : class => Text(setting).Length == 0 ? null : Parse(setting, parse, form);

    /// <summary>A setting that has a form of its own.</summary>
    /// <exception cref="ClusterException">It has another one.</exception>
    public T Parse<T>(SiloSetting setting, Func<string, T?> parse, string form)
        where T : class
    {
        var (text, where) = Find(setting);
        return parse(text) ?? throw ClusterException.Input($"{where}: '{text}' is not {form}", "see 'hugesim silo --help'");
    }

    private (string Value, string Where) Find(SiloSetting setting)
    {
        foreach (var (nameOf, values) in _sources)
        {
            if (values[setting.Key] is { } value)
            {
                return (value, nameOf(setting));
            }
        }

        return (setting.Default, setting.Flag);
    }

    private static IConfiguration OpenFile(string? file)
    {
        var path = Path.GetFullPath(file ?? DefaultFile);
        try
        {
            return new ConfigurationBuilder().AddJsonFile(path, optional: file is null, reloadOnChange: false).Build().GetSection(SiloSetting.Section);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            var cause = exception.InnerException is System.Text.Json.JsonException json ? json.Message : exception.Message;
            throw ClusterException.Input($"{path}: {cause}", "correct the file, or give another one with --config", exception);
        }
    }

    private static IConfiguration InMemory(IReadOnlyDictionary<string, string> values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();
}

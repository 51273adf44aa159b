using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Hugesim.Tests.Support;

/// <summary>
/// Runs property tests. Each run draws its own seed; a failing one names it, and the same cases come again, in the same order, with
/// <c>HUGESIM_SEED=that number dotnet test --filter that test</c>. The variable is a decimal number and holds for every property of the run.
/// </summary>
public static class Properties
{
    /// <summary>The environment variable with the seed to replay.</summary>
    public const string SeedVariable = "HUGESIM_SEED";

    /// <summary>The seed to replay, or a new one.</summary>
    public static ulong NextSeed()
    {
        var given = Environment.GetEnvironmentVariable(SeedVariable);
        if (string.IsNullOrWhiteSpace(given))
        {
            return (ulong)Random.Shared.NextInt64();
        }

        return ulong.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : throw new FormatException($"{SeedVariable}={given} is not a decimal number");
    }

    /// <summary>Checks that <paramref name="property"/> throws for none of <paramref name="cases"/> generated values.</summary>
    public static void Check<T>(Arbitrary<T> values, int cases, Action<T> property) => Check(values, cases, NextSeed(), property);

    /// <summary>As above, with a seed of the caller's.</summary>
    public static void Check<T>(Arbitrary<T> values, int cases, ulong seed, Action<T> property)
    {
        var config = Config.QuickThrowOnFailure
            .WithMaxTest(cases)
            .WithQuietOnSuccess(true)
            .WithReplay(new Replay(new Rnd(seed), null));
        try
        {
            FsCheck.Check.One(config, Prop.ForAll(values, property));
        }
        catch (Exception failure)
        {
            throw new PropertyFailedException($"replay with {SeedVariable}={seed}{Environment.NewLine}{failure.Message}");
        }
    }

    /// <summary>Arrays of 1 to <paramref name="most"/> values; a failing one is shrunk by leaving parts out, the larger parts first.</summary>
    public static Arbitrary<T[]> Sequences<T>(Gen<T> element, int most) =>
        Arb.From(Gen.Choose(1, most).SelectMany(length => element.ArrayOf(length)), Shorter);

    private static IEnumerable<T[]> Shorter<T>(T[] values)
    {
        for (var part = values.Length / 2; part > 0; part /= 2)
        {
            for (var start = 0; start + part <= values.Length; start += part)
            {
                yield return [.. values[..start], .. values[(start + part)..]];
            }
        }
    }
}

/// <summary>A property does not hold; the message begins with how to replay it and ends with what failed.</summary>
public sealed class PropertyFailedException(string message) : Exception(message);

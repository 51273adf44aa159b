using System.CommandLine;
using System.CommandLine.Parsing;
using Hugesim.Clusters;

namespace Hugesim.Cli;

/// <summary>Has a command executed in the process of a cluster of the embedded engine, whose grains cannot be called from another one.</summary>
internal static class ForwardedCommand
{
    /// <summary>Forwards the command line if its cluster is such a one.</summary>
    /// <param name="console">Where to read from and write to.</param>
    /// <param name="result">The command line.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="files">The arguments and options that name files.</param>
    /// <param name="cancellationToken">Ends the command.</param>
    /// <returns>The exit code; null if the command is to be executed here.</returns>
    /// <exception cref="ClusterException">There is no such cluster, or it is gone before the end.</exception>
    public static async Task<int?> RunAsync(
        CliConsole console, ParseResult result, string cluster, IReadOnlyList<Symbol> files, CancellationToken cancellationToken)
    {
        if (await ClusterConnector.FindHostAsync(cluster, cancellationToken).ConfigureAwait(false) is not { } client)
        {
            return null;
        }

        using (client)
        {
            var tokens = files.SelectMany(symbol => result.GetResult(symbol)?.Tokens ?? []).ToArray();
            using var input = new MemoryStream();
            if (tokens.Any(token => token.Value == "-"))
            {
                await console.Input.CopyToAsync(input, cancellationToken).ConfigureAwait(false);
            }

            var exitCode = ExitCodes.Failure;
            void Write(CommandLineOutput part)
            {
                console.Output.Write(part.Output);
                console.Output.Flush();
                console.Error.Write(part.Error);
                console.Error.Flush();
                exitCode = part.ExitCode ?? exitCode;
            }

            await client.RunAsync(new CommandLineRequest([.. Arguments(result, tokens)], input.ToArray(), console.UseColor), Write, cancellationToken)
                .ConfigureAwait(false);
            return exitCode;
        }
    }

    // The same without --cluster: there the cluster is what is at hand.
    private static IEnumerable<string> Arguments(ParseResult result, Token[] files)
    {
        var isCluster = false;
        foreach (var token in result.Tokens)
        {
            if (isCluster || token.Value == "--cluster")
            {
                isCluster = !isCluster;
                continue;
            }

            yield return Array.Exists(files, file => ReferenceEquals(file, token)) ? Absolute(token.Value) : token.Value;
        }
    }

    private static string Absolute(string file) =>
        file is "" or "-" || file.StartsWith(InputFiles.MuseumMark, StringComparison.Ordinal) ? file : Path.GetFullPath(file);
}

using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Hugesim.Cli;
using Hugesim.Silo;

namespace Hugesim.Clusters;

/// <summary>
/// Executes command lines of other processes here, where the grains are: those of commands that call grains themselves or need the flows of what they do. The client has made
/// file names absolute. A client that goes away ends its command as Ctrl-C would.
/// </summary>
/// <param name="name">The cluster.</param>
/// <param name="host">Its grains.</param>
/// <param name="services">What commands need besides.</param>
internal sealed class HostedCommands(string name, IGrainHost host, CliServices services) : IAsyncDisposable
{
    // For a load, which audits its machines and tells what it has measured.
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _down = new();
    private readonly ConcurrentDictionary<Task, bool> _running = new();

    /// <summary>The commands that can be executed so.</summary>
    public static readonly string[] Known = ["load", "trace", "explain", "console", "bench"];

    /// <summary>Executes a command line.</summary>
    /// <param name="request">The command line.</param>
    /// <param name="write">Sends a part of the output, in order.</param>
    /// <param name="cancellationToken">Cancelled when the client is gone.</param>
    public async Task RunAsync(CommandLineRequest request, Func<CommandLineOutput, Task> write, CancellationToken cancellationToken)
    {
        var running = RunOneAsync(request, write, cancellationToken);
        _running[running] = true;
        try
        {
            await running.ConfigureAwait(false);
        }
        finally
        {
            _running.TryRemove(running, out _);
        }
    }

    /// <summary>The cluster ends: what runs is interrupted, and tells its client what it has so far.</summary>
    public async ValueTask DisposeAsync()
    {
        await _down.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(Task.WhenAll(_running.Keys), Task.Delay(FarewellTime)).ConfigureAwait(false);
    }

    private async Task RunOneAsync(CommandLineRequest request, Func<CommandLineOutput, Task> write, CancellationToken cancellationToken)
    {
        if (request.Arguments.Count == 0 || !Known.Contains(request.Arguments[0]))
        {
            throw ClusterException.Input("this command is not executed in the cluster's process", "use the same version of hugesim for client and cluster");
        }

        var parts = Channel.CreateUnbounded<CommandLineOutput>(new UnboundedChannelOptions { SingleReader = true });
        var machines = new SiloMachines(new BorrowedGrainHost(host));
        await using (machines.ConfigureAwait(false))
        {
            var running = Task.Run(() => ExecuteAsync(request, machines, parts.Writer, cancellationToken), CancellationToken.None);
            await foreach (var part in parts.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                if (!cancellationToken.IsCancellationRequested)
                {
                    await write(part).ConfigureAwait(false);
                }
            }

            await running.ConfigureAwait(false);
        }
    }

    private async Task ExecuteAsync(
        CommandLineRequest request, SiloMachines machines, ChannelWriter<CommandLineOutput> parts, CancellationToken cancellationToken)
    {
        using var input = new MemoryStream(request.Input);
        using var output = new PartWriter(text => parts.TryWrite(new CommandLineOutput(text, null, null)));
        using var error = new PartWriter(text => parts.TryWrite(new CommandLineOutput(null, text, null)));
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _down.Token);
            var here = services with { Cluster = name, Machines = machines, StartGrains = _ => new ValueTask<IGrainHost>(new BorrowedGrainHost(host)) };
            var code = await HugesimCli.RunAsync(
                request.Arguments, here, new CliConsole(input, output, error, isTerminal: false, request.UseColor), either.Token).ConfigureAwait(false);
            output.Flush();
            error.Flush();
            if (_down.IsCancellationRequested)
            {
                parts.TryWrite(new CommandLineOutput(null, "hugesim: the cluster was ended meanwhile; what was shown until then stands\n", null));
                code = ExitCodes.Failure;
            }

            parts.TryWrite(new CommandLineOutput(null, null, code));
        }
        finally
        {
            parts.Complete();
        }
    }

    /// <summary>Sends what has been written at each flush, and at the end of each line.</summary>
    private sealed class PartWriter(Action<string> send) : TextWriter
    {
        private readonly StringBuilder _text = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            _text.Append(value);
            if (value == '\n')
            {
                Flush();
            }
        }

        public override void Write(string? value)
        {
            _text.Append(value);
            if (value?.Contains('\n', StringComparison.Ordinal) == true)
            {
                Flush();
            }
        }

        public override void Flush()
        {
            if (_text.Length > 0)
            {
                send(_text.ToString());
                _text.Clear();
            }
        }
    }
}

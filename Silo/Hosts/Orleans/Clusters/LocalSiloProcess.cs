using System.Diagnostics;
using System.Globalization;

namespace Hugesim.Silo;

/// <summary>The process of one silo of a local cluster. It ends when its standard input ends: also when this process has been killed.</summary>
internal sealed class LocalSiloProcess
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private const int LogLines = 8;

    private readonly LocalSilosOptions _options;
    private readonly int _number;
    private readonly string _membership;
    private readonly Action<LocalSilo> _onChange;
    private Process? _process;
    private Task _ended = Task.CompletedTask;
    private LocalSilo _silo;
    private volatile bool _isStopping;

    public LocalSiloProcess(LocalSilosOptions options, int number, int[] ports, string membership, Action<LocalSilo> onChange)
    {
        (_options, _number, _membership, _onChange) = (options, number, membership, onChange);
        var name = LocalSilosOptions.NameOf(number);
        _silo = new LocalSilo(
            name, LocalSiloState.Stopped, null, ports[0], ports[1], ports[2], options.HasConsole ? ports[3] : null, options.NodesOf(number), Path.Combine(options.Folder, name + ".log"), null);
    }

    public LocalSilo Silo => Volatile.Read(ref _silo);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!_ended.IsCompleted)
        {
            return;
        }

        var start = HugesimProcess.StartInfo(Arguments());
        start.Environment[SiloSetting.Connection.Variable] = _options.Connection;
        _isStopping = false;
        _process = Process.Start(start)!;
        Change(Silo with { State = LocalSiloState.Starting, Pid = _process.Id, Detail = null });
        _ended = WatchAsync(_process);
        try
        {
            await WaitUntilReadyAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _process.Kill();
            await _ended.ConfigureAwait(false);
            throw;
        }

        Change(Silo with { State = LocalSiloState.Ready });
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_ended.IsCompleted)
        {
            return;
        }

        _isStopping = true;
        _process!.StandardInput.Close();
        try
        {
            await _ended.WaitAsync(StopTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await _ended.ConfigureAwait(false);
        }
    }

    public async Task CrashAsync(CancellationToken cancellationToken)
    {
        if (!_ended.IsCompleted)
        {
            _process!.Kill();
            await _ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private IEnumerable<string> Arguments()
    {
        yield return "silo";
        foreach (var (setting, value) in Settings())
        {
            yield return setting.Flag;
            yield return value;
        }

        yield return "--log";
        yield return Silo.Log!;
        yield return "--until-eof";
    }

    private IEnumerable<(SiloSetting Setting, string Value)> Settings()
    {
        yield return (SiloSetting.ClusterId, _options.ClusterId);
        yield return (SiloSetting.ServiceId, _options.ServiceId);
        yield return (SiloSetting.Name, Silo.Name);
        yield return (SiloSetting.SiloPort, Text(Silo.SiloPort));
        yield return (SiloSetting.GatewayPort, Text(Silo.GatewayPort));
        yield return (SiloSetting.HealthPort, Text(Silo.HealthPort));
        yield return (SiloSetting.HttpPort, Text(Silo.HttpPort ?? 0));
        foreach (var setting in _options.Flows.ToSettings())
        {
            yield return setting;
        }

        yield return (SiloSetting.AdvertisedAddress, SiloSetting.AdvertisedAddress.Default);
        yield return (SiloSetting.NumaNodes, string.Join(',', _options.NodesOf(_number)));
        yield return (SiloSetting.Clustering, _options.Clustering.ToString().ToLowerInvariant());
        yield return (SiloSetting.MembershipFile, _membership);
        yield return (SiloSetting.Kubernetes, SiloSetting.Kubernetes.Default);

        static string Text(int? port) => port!.Value.ToString(CultureInfo.InvariantCulture);
    }

    private async Task WatchAsync(Process process)
    {
        await process.WaitForExitAsync().ConfigureAwait(false);
        var code = process.ExitCode;
        Change(Silo with
        {
            State = _isStopping && code == 0 ? LocalSiloState.Stopped : LocalSiloState.Crashed,
            Pid = null,
            Detail = code == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"exit code {code}"),
        });
        process.Dispose();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        using var http = new HttpClient();
        var address = new Uri($"http://127.0.0.1:{Silo.HealthPort}{HealthEndpoint.ReadyPath}");
        try
        {
            while (!await IsReadyAsync(http, address, timeout.Token).ConfigureAwait(false))
            {
                if (_ended.IsCompleted)
                {
                    throw NotStarted($"has ended at its start ({Silo.Detail ?? "exit code 0"})");
                }

                await Task.Delay(Poll, timeout.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw NotStarted($"is not ready after {StartTimeout.TotalSeconds} s");
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(address, cancellationToken).ConfigureAwait(false);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private ClusterException NotStarted(string what)
    {
        var log = File.Exists(Silo.Log) ? File.ReadLines(Silo.Log).TakeLast(LogLines).ToArray() : [];
        var end = log.Length > 0 ? $"; its log ends with\n{string.Join('\n', log.Select(line => "    " + line))}" : "";
        return new ClusterException($"{Silo.Name} {what}{end}", $"the whole log is in {Silo.Log}");
    }

    private void Change(LocalSilo silo)
    {
        Volatile.Write(ref _silo, silo);
        _onChange(silo);
    }
}

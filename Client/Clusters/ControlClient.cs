using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hugesim.Cli;
using Hugesim.Silo;
using Hugesim.Telemetry;

namespace Hugesim.Clusters;

/// <summary>Talks to the process that runs a local cluster.</summary>
internal sealed class ControlClient : IDisposable
{
    private readonly string _cluster;
    private readonly HttpClient _http;

    /// <summary>Makes a client; it connects with its first request.</summary>
    public ControlClient(ClusterRecord record)
    {
        _cluster = record.Name;
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = (_, token) => ConnectAsync(record.Socket, token),
            // Its own would send the span of an HTTP request, which nobody records: the flow would come apart.
            ActivityHeadersPropagator = null,
        })
        {
            BaseAddress = new Uri("http://cluster/"),
            // One access to a large mapping is one request.
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>How the cluster is.</summary>
    /// <exception cref="ClusterException">It does not answer.</exception>
    public Task<ClusterStatus> StatusAsync(CancellationToken cancellationToken) => GetAsync("status", ControlJson.Default.ClusterStatus, cancellationToken);

    /// <summary>Is there a process that listens?</summary>
    public async Task<ClusterStatus?> TryStatusAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await StatusAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException)
        {
            return null;
        }
    }

    /// <summary>Starts, stops or crashes a silo.</summary>
    public Task<ClusterStatus> ChangeSiloAsync(string silo, string action, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"silos/{Uri.EscapeDataString(silo)}/{action}", null, ControlJson.Default.ClusterStatus, cancellationToken);

    /// <summary>Begins to end the cluster.</summary>
    public Task DownAsync(CancellationToken cancellationToken) => SendAsync<object>(HttpMethod.Post, "down", null, null, cancellationToken);

    /// <summary>Asks for something.</summary>
    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, type, cancellationToken);

    /// <summary>Sends a request.</summary>
    /// <exception cref="ClusterException">The cluster is gone, or refuses.</exception>
    public async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T>? type, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, $"{ControlServer.Prefix}/{path}") { Content = content };
            if (ClientTracing.TraceParent is { } span)
            {
                request.Headers.Add("traceparent", span);
            }

            using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusalAsync(response, cancellationToken).ConfigureAwait(false);
            }

            return type is null ? default! : (await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false))!;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw Gone(exception);
        }
    }

    /// <summary>Executes a command line in the cluster's process.</summary>
    /// <param name="request">The command line.</param>
    /// <param name="onOutput">Is told each part of what it writes.</param>
    /// <param name="cancellationToken">Ends the command there as well.</param>
    /// <exception cref="ClusterException">The cluster is gone, or refuses.</exception>
    public async Task RunAsync(CommandLineRequest request, Action<CommandLineOutput> onOutput, CancellationToken cancellationToken)
    {
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, $"{ControlServer.Prefix}/commands")
            {
                Content = JsonContent.Create(request, ControlJson.Default.CommandLineRequest),
            };
            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusalAsync(response, cancellationToken).ConfigureAwait(false);
            }

            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
            while (await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                onOutput(JsonSerializer.Deserialize(line, ControlJson.Default.CommandLineOutput)!);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException and not OutputClosedException)
        {
            throw Gone(exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private ClusterException Gone(Exception exception) => new(
        $"cluster {_cluster} is gone: {exception.Message}", "look at it with 'hugesim cluster status', and start it again with 'hugesim cluster up'", exception);

    private static async Task<Exception> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var answer = await response.Content.ReadFromJsonAsync(ControlJson.Default.ErrorAnswer, cancellationToken).ConfigureAwait(false);
        var (error, hint) = (answer?.Error ?? response.ReasonPhrase ?? "no answer", answer?.Hint ?? "");
        return response.StatusCode switch
        {
            HttpStatusCode.BadRequest => ClusterException.Input(error, hint),
            HttpStatusCode.ServiceUnavailable => new ClusterException(error, hint),
            _ => new InvalidOperationException($"{error} (in the cluster's process)\n{hint}"),
        };
    }

    private static async ValueTask<Stream> ConnectAsync(string socketPath, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

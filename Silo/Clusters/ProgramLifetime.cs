using Microsoft.Extensions.Hosting;

namespace Hugesim.Silo;

/// <summary>The program decides when silos start and stop; the host listens to no signals.</summary>
public sealed class ProgramLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

namespace Orleans.Runtime;

/// <summary>The activation of a grain, as the grain sees it (Orleans: <c>Orleans.Runtime.IGrainContext</c>, the part that grains use).</summary>
public interface IGrainContext
{
    /// <summary>A reference to the grain.</summary>
    GrainReference GrainReference { get; }

    /// <summary>The identity of the grain.</summary>
    GrainId GrainId { get; }

    /// <summary>The instance, once there is one.</summary>
    object? GrainInstance { get; }

    /// <summary>Names this activation among all that the grain ever had.</summary>
    ActivationId ActivationId { get; }

    /// <summary>Grain, activation and silo.</summary>
    GrainAddress Address { get; }

    /// <summary>The services of the silo.</summary>
    IServiceProvider ActivationServices { get; }

    /// <summary>Ends this activation after the requests that run now.</summary>
    void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);

    /// <summary>Moves this activation after the requests that run now; during a deactivation, makes a move of it.</summary>
    /// <param name="requestContext">What the placement may look at.</param>
    /// <param name="cancellationToken">Not used.</param>
    void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default);
}

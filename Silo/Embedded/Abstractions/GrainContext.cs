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
}

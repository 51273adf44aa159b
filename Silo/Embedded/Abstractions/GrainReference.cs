using Hugesim.Embedded;
using Hugesim.Embedded.CodeGeneration;

namespace Orleans.Runtime;

/// <summary>A reference to a grain; the generator derives one class from it for each grain interface (Orleans: <c>Orleans.Runtime.GrainReference</c>).</summary>
public abstract class GrainReference : IGrainWithStringKey, IEquatable<GrainReference>
{
    /// <summary>Where the last call went, so that the next one needs no look-up; a stale one refuses the message.</summary>
    internal Activation? Cached;

    /// <summary>Called by generated code.</summary>
    protected GrainReference(GrainKind kind, string key)
    {
        Kind = kind;
        Key = key;
    }

    /// <summary>The grain.</summary>
    public GrainId GrainId => GrainId.Create(Kind.GrainType, Key);

    internal GrainKind Kind { get; }

    internal string Key { get; }

    internal EmbeddedCluster Cluster => Kind.Cluster;

    /// <inheritdoc/>
    public bool Equals(GrainReference? other) => other is not null && GrainId == other.GrainId;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    /// <inheritdoc/>
    public override int GetHashCode() => GrainId.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => $"GrainReference:{GrainId}";

    /// <summary>Sends a request; the request is also the task that the caller awaits. Called by generated code.</summary>
    protected ValueTask<T> Invoke<T>(ValueTaskRequest<T> request, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        Cluster.Send(this, request, cancellationToken);
        return new ValueTask<T>(request, 0);
    }

    /// <inheritdoc cref="Invoke{T}(ValueTaskRequest{T}, CancellationToken)"/>
    protected ValueTask Invoke(ValueTaskRequest request, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        Cluster.Send(this, request, cancellationToken);
        return request.IsOneWay ? default : new ValueTask(request, 0);
    }

    /// <inheritdoc cref="Invoke{T}(ValueTaskRequest{T}, CancellationToken)"/>
    protected Task<T> Invoke<T>(TaskRequest<T> request, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var task = request.MakeTask();
        Cluster.Send(this, request, cancellationToken);
        return task;
    }

    /// <inheritdoc cref="Invoke{T}(ValueTaskRequest{T}, CancellationToken)"/>
    protected Task Invoke(TaskRequest request, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        var task = request.IsOneWay ? Task.CompletedTask : request.MakeTask();
        Cluster.Send(this, request, cancellationToken);
        return task;
    }
}

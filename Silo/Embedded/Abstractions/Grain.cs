using System.Diagnostics.CodeAnalysis;
using Hugesim.Embedded;
using Orleans.Runtime;

namespace Orleans;

/// <summary>Base class of grains (Orleans: <c>Orleans.Grain</c>).</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    /// <summary>Takes the context of the activation that is being made. Outside of one there is none, and members that need it throw.</summary>
    protected Grain()
        : this(Activation.Current!)
    {
    }

    /// <summary>For tests that make a grain without an engine.</summary>
    protected Grain(IGrainContext grainContext) => GrainContext = grainContext;

    /// <inheritdoc/>
    [AllowNull]
    public IGrainContext GrainContext { get; private set; }

    /// <summary>A reference to this grain.</summary>
    public GrainReference GrainReference => GrainContext.GrainReference;

    /// <summary>Type and key, as text.</summary>
    public string IdentityString => GrainContext.GrainId.ToString();

    /// <summary>Names the silo that hosts this activation.</summary>
    public string RuntimeIdentity => Hosted.Silo.SiloAddress.ToString();

    /// <summary>Hands out references to other grains.</summary>
    protected IGrainFactory GrainFactory => Hosted.Cluster.GrainFactory;

    /// <summary>The services of the silo.</summary>
    protected internal IServiceProvider ServiceProvider => GrainContext.ActivationServices;

    internal Activation Hosted => GrainContext as Activation
        ?? throw new InvalidOperationException($"{GetType().Name} was made outside of a silo: it has no activation.");

    /// <inheritdoc/>
    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends this activation after the requests that run now; the next call makes a new one.</summary>
    protected void DeactivateOnIdle() => this.DeactivateGrainOnIdle();

    /// <summary>Ends this activation after the requests that run now and places the grain anew, with its state if it is an <see cref="IGrainMigrationParticipant"/>.</summary>
    protected void MigrateOnIdle() => GrainContext.Migrate(RequestContext.Current);

    /// <summary>Accepted for source compatibility: the embedded engine collects idle activations only when told to.</summary>
    protected void DelayDeactivation(TimeSpan timeSpan) => _ = timeSpan;
}

/// <summary>Members that Orleans offers on grains and references as extensions (Orleans: <c>Orleans.GrainExtensions</c>).</summary>
public static class GrainExtensions
{
    /// <summary>The identity of a grain or of the grain that a reference names.</summary>
    public static GrainId GetGrainId(this IAddressable grain) => grain switch
    {
        GrainReference reference => reference.GrainId,
        IGrainBase { GrainContext: { } context } => context.GrainId,
        null => throw new ArgumentNullException(nameof(grain)),
        _ => throw new ArgumentException($"{grain.GetType().Name} is neither a grain nor a reference to one.", nameof(grain)),
    };

    /// <summary>The string key of a grain.</summary>
    public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();

    /// <summary>A reference of another interface to the same grain; inside a grain, a reference to itself that can be sent to others.</summary>
    public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain)
    {
        var reference = grain as GrainReference ?? ((IGrainBase)grain).GrainContext.GrainReference;
        return reference is TGrainInterface already ? already : (TGrainInterface)(object)reference.Cluster.References.Cast(reference, typeof(TGrainInterface));
    }

    /// <summary>The same as <see cref="AsReference{TGrainInterface}"/>.</summary>
    public static TGrainInterface Cast<TGrainInterface>(this IAddressable grain) => grain.AsReference<TGrainInterface>();
}

namespace Hugesim.Grains;

/// <summary>Which silos the cluster has lost: a service of the silo, so that errors can name them.</summary>
public interface ILostSilos
{
    /// <summary>Addresses of silos that have ended, as far as this silo knows.</summary>
    IReadOnlyList<string> Lost { get; }
}

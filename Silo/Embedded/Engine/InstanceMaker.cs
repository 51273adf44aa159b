using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Hugesim.Embedded;

/// <summary>Makes grain instances, with constructor arguments from the services of the cluster.</summary>
internal static class InstanceMaker
{
    internal static Func<IServiceProvider, object> For(Type grainClass)
    {
        if (!typeof(IGrainBase).IsAssignableFrom(grainClass))
        {
            throw new ArgumentException($"{grainClass.FullName} is not a grain class: it must derive from Grain or implement IGrainBase.", nameof(grainClass));
        }

        var factory = ActivatorUtilities.CreateFactory(grainClass, Type.EmptyTypes);
        return services => factory(services, null);
    }
}

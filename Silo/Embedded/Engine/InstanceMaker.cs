using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <summary>Makes grain instances, with constructor arguments from the services of the cluster and from its store.</summary>
internal static class InstanceMaker
{
    internal static Func<IServiceProvider, object> For(Type grainClass)
    {
        if (!typeof(IGrainBase).IsAssignableFrom(grainClass))
        {
            throw new ArgumentException($"{grainClass.FullName} is not a grain class: it must derive from Grain or implement IGrainBase.", nameof(grainClass));
        }

        var stateful = grainClass.GetConstructors().FirstOrDefault(
            constructor => constructor.GetParameters().Any(parameter => parameter.IsDefined(typeof(PersistentStateAttribute))));
        if (stateful is not null)
        {
            return WithState(stateful);
        }

        var factory = ActivatorUtilities.CreateFactory(grainClass, Type.EmptyTypes);
        return services => factory(services, null);
    }

    private static Func<IServiceProvider, object> WithState(ConstructorInfo constructor)
    {
        var arguments = constructor.GetParameters().Select(Argument).ToArray();
        var invoker = ConstructorInvoker.Create(constructor);
        return services => invoker.Invoke(arguments.Select(argument => (object?)argument(services)).ToArray().AsSpan());
    }

    private static Func<IServiceProvider, object> Argument(ParameterInfo parameter)
    {
        if (parameter.GetCustomAttribute<PersistentStateAttribute>() is not { } attribute)
        {
            return services => services.GetRequiredService(parameter.ParameterType);
        }

        if (!parameter.ParameterType.IsGenericType || parameter.ParameterType.GetGenericTypeDefinition() != typeof(IPersistentState<>))
        {
            throw new ArgumentException(
                $"[PersistentState] is for IPersistentState<T>, but {parameter.Name} of {parameter.Member.DeclaringType!.FullName} is {parameter.ParameterType}.");
        }

        var state = ConstructorInvoker.Create(
            typeof(MemoryState<>).MakeGenericType(parameter.ParameterType.GetGenericArguments()).GetConstructors()[0]);
        return _ => state.Invoke(
            Activation.Current!.Cluster.Store, attribute.StorageName ?? "Default", Activation.Current.GrainId, attribute.StateName);
    }
}

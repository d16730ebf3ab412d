using System;
using System.Linq;
using System.Numerics;

namespace AttnDsl.Cli.Layers;

/// <summary>Finds the contract a generated class implements and binds it.</summary>
internal static class LayerFactory
{
    /// <summary>The layer behind <paramref name="reference"/>: an <see cref="ICachedLayer{T}"/> when the class keeps a cache.</summary>
    /// <exception cref="ArgumentException">The class implements neither contract of a reference for <typeparamref name="T"/>.</exception>
    public static ILayer<T> Create<T>(Type reference)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(reference);
        bool InScalar(Type contract) => contract.GenericTypeArguments[1] == typeof(T);
        Type? cached = Contract(reference, typeof(ICachedAttentionReference<,>), InScalar);
        Type plain = cached ?? Contract(reference, typeof(IAttentionReference<,>), InScalar)
            ?? throw new ArgumentException($"'{reference}' is no attention reference over {typeof(T).Name}.", nameof(reference));
        return (ILayer<T>)Bind(cached is null ? typeof(Layer<,,>) : typeof(CachedLayer<,,>), [reference, plain.GenericTypeArguments[0], typeof(T)]);
    }

    /// <summary>The layer behind <paramref name="backend"/>: an <see cref="ICachedLayer{T}"/> when the class keeps a cache.</summary>
    /// <param name="backend">The generated class.</param>
    /// <param name="threads">Threads of every call; 0 leaves it to the process.</param>
    /// <exception cref="ArgumentException">The class implements neither contract of a backend.</exception>
    public static ILayer<float> CreateBackend(Type backend, int threads)
    {
        ArgumentNullException.ThrowIfNull(backend);
        return (ILayer<float>)(Contract(backend, typeof(ICachedAttentionBackend<,>), _ => true) is { } cached
            ? Bind(typeof(CachedBackendLayer<,,>), [backend, .. cached.GenericTypeArguments], threads)
            : Contract(backend, typeof(IAttentionBackend<>), _ => true) is { } plain
                ? Bind(typeof(BackendLayer<,>), [backend, .. plain.GenericTypeArguments], threads)
                : throw new ArgumentException($"'{backend}' is no attention backend.", nameof(backend)));
    }

    private static object Bind(Type layer, Type[] arguments, params object[] values) =>
        Activator.CreateInstance(layer.MakeGenericType(arguments), values)!;

    private static Type? Contract(Type type, Type contract, Func<Type, bool> fits) => type
        .GetInterfaces()
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == contract && fits(i));
}

using System;
using System.Linq;
using System.Numerics;

namespace AttnDsl.Cli.Layers;

/// <summary>Finds the contract a generated class implements and binds it.</summary>
internal static class LayerFactory
{
    /// <summary>The layer behind <paramref name="reference"/>: an <see cref="ICachedLayer{T}"/> when the class keeps a cache.</summary>
    /// <exception cref="ArgumentException">The class implements neither contract for <typeparamref name="T"/>.</exception>
    public static ILayer<T> Create<T>(Type reference)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(reference);
        Type? cached = Contract<T>(reference, typeof(ICachedAttentionReference<,>));
        Type plain = cached ?? Contract<T>(reference, typeof(IAttentionReference<,>))
            ?? throw new ArgumentException($"'{reference}' is no attention reference over {typeof(T).Name}.", nameof(reference));
        Type layer = (cached is null ? typeof(Layer<,,>) : typeof(CachedLayer<,,>))
            .MakeGenericType(reference, plain.GenericTypeArguments[0], typeof(T));
        return (ILayer<T>)Activator.CreateInstance(layer)!;
    }

    private static Type? Contract<T>(Type reference, Type contract) => reference
        .GetInterfaces()
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == contract && i.GenericTypeArguments[1] == typeof(T));
}

using System.Collections.Generic;

namespace Stories;

/// <summary>A sequence under way: one attention cache per layer, and how many tokens they hold. Made by <see cref="StoriesModel{T, TCache}.Begin"/>.</summary>
/// <typeparam name="T">Scalars of the arithmetic.</typeparam>
/// <typeparam name="TCache">The attention's cache.</typeparam>
public sealed class Story<T, TCache>
{
    internal Story(object model, TCache[] caches, Buffers<T> buffers)
    {
        Model = model;
        LayerCaches = caches;
        Buffers = buffers;
    }

    /// <summary>Tokens so far.</summary>
    public int Length { get; internal set; }

    /// <summary>One per layer.</summary>
    public IReadOnlyList<TCache> Caches => LayerCaches;

    internal object Model { get; }

    internal TCache[] LayerCaches { get; }

    internal Buffers<T> Buffers { get; }
}

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>A stack under test: its generated reference in both precisions, and the oracle it must agree with.</summary>
/// <param name="Name">Name of the annotated class.</param>
/// <param name="Reference">In double precision.</param>
/// <param name="Single">In single precision.</param>
/// <param name="Oracle">The same stack, described by hand.</param>
internal sealed record TestLayer(string Name, ILayer<double> Reference, ILayer<float> Single, NaiveOracle Oracle)
{
    /// <summary>A stack without a cache.</summary>
    public static TestLayer Of<TReference, TWeights, TSingle, TSingleWeights>(NaiveOracle oracle)
        where TReference : IAttentionReference<TWeights, double>
        where TWeights : AttentionWeights<double>
        where TSingle : IAttentionReference<TSingleWeights, float>
        where TSingleWeights : AttentionWeights<float> =>
        new(typeof(TReference).DeclaringType!.Name, new Layer<TReference, TWeights, double>(), new Layer<TSingle, TSingleWeights, float>(), oracle);

    /// <summary>A causal stack, which has one.</summary>
    public static TestLayer Cached<TReference, TWeights, TSingle, TSingleWeights>(NaiveOracle oracle)
        where TReference : ICachedAttentionReference<TWeights, double>
        where TWeights : AttentionWeights<double>
        where TSingle : ICachedAttentionReference<TSingleWeights, float>
        where TSingleWeights : AttentionWeights<float> =>
        new(typeof(TReference).DeclaringType!.Name, new CachedLayer<TReference, TWeights, double>(), new CachedLayer<TSingle, TSingleWeights, float>(), oracle);
}

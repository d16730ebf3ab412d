using System;
using System.Linq;
using TorchSharp;

namespace AttnDsl.Torch.Tests.Caches;

// One stack without rotation or norm, so that identity weights make the layer its attention core, in every storage.

[Attention(dim: 24, heads: 6)]
[GroupedQuery(kv: 2)]
[Causal]
[Segments]
public partial class Dense;

[Attention(dim: 24, heads: 6)]
[GroupedQuery(kv: 2)]
[Causal]
[Segments]
[KvCache(Element = CacheElement.BFloat16)]
public partial class DenseHalf;

[Attention(dim: 24, heads: 6)]
[GroupedQuery(kv: 2)]
[Causal]
[Segments]
[KvCache(Storage = CacheStorage.Paged, PageSize = 8)]
public partial class Pages8;

[Attention(dim: 24, heads: 6)]
[GroupedQuery(kv: 2)]
[Causal]
[Segments]
[KvCache(Storage = CacheStorage.Paged, PageSize = 3)]
public partial class Pages3;

[Attention(dim: 24, heads: 6)]
[GroupedQuery(kv: 2)]
[Causal]
[Segments]
[KvCache(Storage = CacheStorage.Paged, PageSize = 8, Element = CacheElement.BFloat16)]
public partial class PagesHalf;

/// <summary>A storage under test.</summary>
/// <param name="Name">Its name in test reports.</param>
/// <param name="Layer">The class that declares it.</param>
/// <param name="Make">An empty cache of some rows.</param>
/// <param name="Loss">How far, relative to the number, a stored number may be from the one that was appended.</param>
internal sealed record StorageCase(string Name, Type Layer, Func<int, KvCache> Make, double Loss = 0)
{
    private const double Half = 1.0 / 256;

    public static readonly StorageCase[] All =
    [
        new("contiguous", typeof(Dense), rows => new Dense.Cache(rows)),
        new("contiguous, of fixed size", typeof(Dense), rows => new Dense.Cache(rows, capacity: 40)),
        new("contiguous, of a stack", typeof(Dense), rows => new Dense.Cache(new StackCache(rows))),
        new("contiguous, bfloat16", typeof(DenseHalf), rows => new DenseHalf.Cache(rows), Half),
        new("pages of 8", typeof(Pages8), rows => new Pages8.Cache(rows)),
        new("pages of 3", typeof(Pages3), rows => new Pages3.Cache(rows)),
        new("pages of a stack", typeof(Pages8), rows => new Pages8.Cache(new StackCache(rows, new CachePaging(5)))),
        new("pages of 8, bfloat16", typeof(PagesHalf), rows => new PagesHalf.Cache(rows), Half),
    ];

    public static TheoryData<string> Names => [.. All.Select(storage => storage.Name)];

    public static StorageCase Of(string name) => All.Single(storage => storage.Name == name);

    public AttentionModule Module(torch.ScalarType dtype) => TorchLayer.Make(Layer, dtype);
}

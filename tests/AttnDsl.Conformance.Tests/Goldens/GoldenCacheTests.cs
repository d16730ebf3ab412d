using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Goldens;

/// <summary>The recorded layers run over a cache: at once, in chunks and token by token they must say the same.</summary>
[Collection(GoldenTests.Name)]
public sealed class GoldenCacheTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(GoldenCases.CachedFiles), MemberType = typeof(GoldenCases))]
    public void At_once_in_chunks_and_token_by_token_the_output_is_the_recorded_one(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is null)
        {
            return;
        }

        double[] whole = Chunked.Run(golden.Reference, golden.Weights(), golden["x"], golden.Shape("x")[0], golden.Shape("x")[1]);
        Numbers.Close(golden["out"], whole, Tolerances.Golden, "at once");
        foreach (int chunk in new[] { 1, 3, 7 })
        {
            double[] chunked = Chunked.Run(golden.Reference, golden.Weights(), golden["x"], golden.Shape("x")[0], chunk);
            output.WriteLine(FormattableString.Invariant($"chunks of {chunk}: {Numbers.Difference(whole, chunked):E1} from the whole, {Numbers.Difference(golden["out"], chunked):E1} from the recording"));
            Numbers.Close(golden["out"], chunked, Tolerances.Golden, $"chunks of {chunk}");
            Numbers.Close(whole, chunked, Tolerances.SameMaths, $"chunks of {chunk}");
        }
    }

    /// <summary>Rotated keys of the one, narrow keys before their rotation of the other.</summary>
    [Theory]
    [InlineData("diffqkv-sigma-augq")]
    [InlineData("diffqkv-half-k-dim")]
    [InlineData(GoldenCases.Selective)]
    public void The_cache_is_the_recorded_one(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is null)
        {
            return;
        }

        ReferenceCache<double> cache = golden.Reference.CreateCache(golden.Shape("x")[0]);
        golden.Reference.Prefill(golden.Weights(), golden["x"], cache, golden.Rows());
        Numbers.Close(TokensFirst(golden, "k_cache"), cache.Read(0), Tolerances.Golden, "k_cache");
        Numbers.Close(TokensFirst(golden, "v_cache"), cache.Read(1), Tolerances.Golden, "v_cache");
    }

    /// <summary>[B, heads, T, width] as [B, T, heads, width].</summary>
    private static double[] TokensFirst(Golden golden, string tensor)
    {
        int[] shape = golden.Shape(tensor);
        double[] values = golden[tensor];
        return
        [
            .. from b in Enumerable.Range(0, shape[0])
               from t in Enumerable.Range(0, shape[2])
               from h in Enumerable.Range(0, shape[1])
               from c in Enumerable.Range(0, shape[3])
               select values[(((((b * shape[1]) + h) * shape[2]) + t) * shape[3]) + c],
        ];
    }

    [Fact]
    public void The_cache_and_the_next_token_are_the_recorded_ones()
    {
        using Golden? golden = Golden.Open("gqa-llama3-rope-interleaved", output);
        if (golden is null)
        {
            return;
        }

        ReferenceCache<double> cache = golden.Reference.CreateCache(golden.Shape("x")[0]);
        golden.Reference.Prefill(golden.Weights(), golden["x"], cache, golden.Rows());
        Assert.Equal(["k", "v"], cache.Streams.Select(stream => stream.Name));
        Numbers.Close(golden["k_cache"], cache.Read(0), Tolerances.Golden, "k_cache");
        Numbers.Close(golden["v_cache"], cache.Read(1), Tolerances.Golden, "v_cache");

        double[] next = golden.Reference.Decode(golden.Weights(), golden["x_next"], cache);
        output.WriteLine(FormattableString.Invariant($"out_next: largest difference {Numbers.Difference(golden["out_next"], next):E1}"));
        Numbers.Close(golden["out_next"], next, Tolerances.Golden, "out_next");
    }
}

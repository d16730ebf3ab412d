using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Goldens;

/// <summary>Compressed attention over a cache against what the authors' code left in theirs, and its left-padded run.</summary>
[Collection(GoldenTests.Name)]
public sealed class GoldenStateTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("cca-ccgqa", 27)]
    [InlineData("cca-mqa-k34", 21)]
    public void States_cache_and_decoded_tokens_are_the_recorded_ones(string file, int prefill)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is null)
        {
            return;
        }

        (int batch, int tokens, int dim) = (golden.Shape("x")[0], golden.Shape("x")[1], golden.Shape("x")[2]);
        AttentionWeights<double> weights = golden.Weights();
        ReferenceCache<double> cache = golden.Reference.CreateCache(batch);
        double[] x = golden["x"];
        var y = new double[x.Length];
        Put(golden.Reference.Prefill(weights, Part(x, 0, prefill), cache, TokenRows.Uniform(batch, prefill)), 0, prefill);
        Numbers.Close(Transposed(golden, "conv_state_prefill"), cache.ReadState(0), Tolerances.Golden, "conv_state");

        // What is kept of the previous token is its projection, before the bias.
        WeightTensor<double> late = weights["v_proj_delayed.weight"];
        double[] hidden = golden["prev_hidden_prefill"];
        Numbers.Close(
            [.. from b in Enumerable.Range(0, batch) from row in late.Data.Chunk(dim) select row.Select((w, c) => w * hidden[(b * dim) + c]).Sum()],
            cache.ReadState(1),
            Tolerances.Golden,
            "prev_hidden");
        for (int t = prefill; t < tokens; t++)
        {
            Put(golden.Reference.Decode(weights, Part(x, t, 1), cache), t, 1);
        }

        Numbers.Close(golden["y_decode"], y, Tolerances.Golden, "y_decode");
        Numbers.Close(golden["k_cache"], cache.Read(0), Tolerances.Golden, "k_cache");
        Numbers.Close(golden["v_cache"], cache.Read(1), Tolerances.Golden, "v_cache");

        double[] Part(double[] all, int from, int count) =>
            [.. Enumerable.Range(0, batch).SelectMany(b => all[(((b * tokens) + from) * dim)..(((b * tokens) + from + count) * dim)])];

        void Put(double[] block, int from, int count)
        {
            for (int b = 0; b < batch; b++)
            {
                Array.Copy(block, b * count * dim, y, ((b * tokens) + from) * dim, count * dim);
            }
        }
    }

    /// <summary>Padding in front is zeros in a segment of their own: convolutions and shift read zeros there, as the recording's do.</summary>
    [Fact]
    public void A_row_padded_in_front_gives_the_recorded_output()
    {
        using Golden? golden = Golden.Open("cca-ccgqa", output);
        if (golden is null)
        {
            return;
        }

        (int batch, int tokens, int dim) = (golden.Shape("x")[0], golden.Shape("x")[1], golden.Shape("x")[2]);
        double[] mask = golden["cca_mask"];
        double[] x = [.. golden["x"].Select((value, i) => value * mask[i / dim])];
        CompressedPadded.Weights<double> weights = CompressedPadded.Weights<double>.Zeros();
        golden.Weights().CopyTo(weights);
        TokenRows rows = TokenRows.Ragged([.. Enumerable.Repeat(tokens, batch)], tokens, segments: [.. mask.Select(m => m == 0 ? 1 : 0)]);
        double[] y = CompressedPadded.Reference.Forward(weights, x, rows);
        Numbers.Close(golden["y_padded"], [.. y.Select((value, i) => value * mask[i / dim])], Tolerances.Golden, "y_padded");
    }

    /// <summary>[B, channels, rows] as [B, rows, channels].</summary>
    private static double[] Transposed(Golden golden, string tensor)
    {
        int[] shape = golden.Shape(tensor);
        double[] values = golden[tensor];
        return
        [
            .. from b in Enumerable.Range(0, shape[0])
               from r in Enumerable.Range(0, shape[2])
               from c in Enumerable.Range(0, shape[1])
               select values[(((b * shape[1]) + c) * shape[2]) + r],
        ];
    }
}

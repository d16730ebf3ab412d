using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Identities;

/// <summary>Degenerate settings that make one stack another.</summary>
public sealed class ReductionTests
{
    private const int Batch = 2;
    private const int Tokens = 17;

    private static readonly ILayer<double> s_plain = CoveringCases.Of(nameof(Plain)).Reference;
    private static readonly ILayer<double> s_interleaved = CoveringCases.Of(nameof(Interleaved)).Reference;

    private delegate void Change(WeightTensor<double> from, WeightTensor<double> to);

    [Fact]
    public void Query_ratio_1_is_full_attention() => AssertEqual(s_plain, RelatedCases.RatioOne);

    [Fact]
    public void One_head_a_group_is_full_attention() => AssertEqual(s_plain, RelatedCases.GroupsOfOne);

    [Fact]
    public void A_window_as_long_as_the_row_is_causal() => AssertEqual(s_plain, RelatedCases.WideWindow);

    [Fact]
    public void A_window_without_a_right_side_is_causal() => AssertEqual(s_plain, RelatedCases.LeftWindow);

    [Fact]
    public void The_default_scale_is_one_over_the_root_of_the_head_width() => AssertEqual(s_plain, RelatedCases.ScaleWritten);

    [Fact]
    public void Alignment_means_nothing_to_a_block_that_sees_itself() => AssertEqual(s_plain, RelatedCases.PlainTopLeft);

    [Fact]
    public void A_cap_out_of_reach_is_none() => AssertEqual(s_plain, RelatedCases.BarelyCapped);

    [Fact]
    public void Yarn_by_factor_1_is_plain_rotation() => AssertEqual(s_interleaved, RelatedCases.StretchedByOne);

    [Fact]
    public void Segments_unused_are_none() => AssertEqual(s_interleaved, RelatedCases.InterleavedSegments);

    [Theory]
    [InlineData(-1e9)]
    [InlineData(double.NegativeInfinity)]
    public void A_sink_without_weight_is_plain_softmax(double sink)
    {
        AttentionWeights<double> weights = Numbers.RandomWeights(s_plain, seed: 31);
        AttentionWeights<double> sunk = RelatedCases.Sunk.Zeros();
        Copy(weights, sunk);
        Array.Fill(sunk["sinks"].Data, sink);
        AssertEqual(s_plain, weights, RelatedCases.Sunk, sunk);

        AttentionWeights<double> gradients = RelatedCases.Sunk.Zeros();
        double[] x = Numbers.Random(32, Batch * Tokens * 12);
        RelatedCases.Sunk.Backward(sunk, x, x, gradients, TokenRows.Uniform(Batch, Tokens));
        Assert.All(gradients["sinks"].Data, gradient => Assert.Equal(0, gradient));
    }

    [Fact]
    public void Latents_in_one_group_are_one_latent()
    {
        AttentionWeights<double> weights = Numbers.RandomWeights(RelatedCases.OneGroup, seed: 36);
        AttentionWeights<double> one = RelatedCases.OneLatent.Zeros();
        foreach ((string from, string to) in new[] { ("q_proj", "q_proj"), ("W_dKV", "kv_a_proj_with_mqa"), ("kv_norm_1", "kv_a_layernorm"), ("W_ukv_1", "kv_b_proj"), ("o_proj", "o_proj") })
        {
            weights[from + ".weight"].Data.CopyTo(one[to + ".weight"].Data, 0);
        }

        AssertEqual(RelatedCases.OneGroup, weights, RelatedCases.OneLatent, one);
    }

    [Fact]
    public void Latents_in_groups_without_norms_are_one_latent_of_which_heads_read_their_part()
    {
        AttentionWeights<double> weights = Numbers.RandomWeights(RelatedCases.TwoGroups, seed: 37);
        AttentionWeights<double> one = RelatedCases.TwoGroupsAsOne.Zeros();
        foreach ((string from, string to) in new[] { ("q_proj", "q_proj"), ("W_dKV", "kv_a_proj_with_mqa"), ("o_proj", "o_proj") })
        {
            weights[from + ".weight"].Data.CopyTo(one[to + ".weight"].Data, 0);
        }

        double[] zeros = new double[5];
        IEnumerable<double> first = weights["W_ukv_1.weight"].Data.Chunk(5).SelectMany(row => row.Concat(zeros));
        IEnumerable<double> second = weights["W_ukv_2.weight"].Data.Chunk(5).SelectMany(row => zeros.Concat(row));
        first.Concat(second).ToArray().CopyTo(one["kv_b_proj.weight"].Data, 0);
        AssertEqual(RelatedCases.TwoGroups, weights, RelatedCases.TwoGroupsAsOne, one);
    }

    /// <summary>Heads of 6 channels, 4 of them rotary: behind the tied ones in the one layer, in front in the other.</summary>
    [Fact]
    public void Tied_states_are_grouped_queries_whose_key_heads_share_their_turning_rows()
    {
        AttentionWeights<double> weights = Numbers.RandomWeights(RelatedCases.TiedUnbiased, seed: 35);
        AttentionWeights<double> apart = RelatedCases.TiedWrittenOut.Zeros();
        double[][] queries = [.. weights["q_proj.weight"].Data.Chunk(12)];
        double[][] states = [.. weights["kv_proj.weight"].Data.Chunk(12)];
        double[][] shared = [.. weights["W_rope_k.weight"].Data.Chunk(12)];
        Fill("q_proj.weight", Enumerable.Range(0, 4).SelectMany(head => queries[((6 * head) + 2)..(6 * (head + 1))].Concat(queries[(6 * head)..((6 * head) + 2)])));
        Fill("k_proj.weight", Enumerable.Range(0, 2).SelectMany(head => shared.Concat(states[(6 * head)..((6 * head) + 2)])));
        Fill("v_proj.weight", states);
        weights["o_proj.weight"].Data.CopyTo(apart["o_proj.weight"].Data, 0);
        AssertEqual(RelatedCases.TiedUnbiased, weights, RelatedCases.TiedWrittenOut, apart);

        void Fill(string name, IEnumerable<double[]> rows) => rows.SelectMany(row => row).ToArray().CopyTo(apart[name].Data, 0);
    }

    [Fact]
    public void Gains_stored_as_one_plus_are_gains()
    {
        ILayer<double> normed = CoveringCases.Of(nameof(Normed)).Reference;
        AttentionWeights<double> weights = Numbers.RandomWeights(normed, seed: 33);
        AttentionWeights<double> plusOne = RelatedCases.NormedPlusOne.Zeros();
        Copy(weights, plusOne, (from, to) => Array.ConvertAll(from.Data, gain => from.Name.EndsWith("_norm.weight", StringComparison.Ordinal) ? gain - 1 : gain).CopyTo(to.Data, 0));
        AssertEqual(normed, weights, RelatedCases.NormedPlusOne, plusOne);
    }

    [Fact]
    public void Grouped_queries_are_full_attention_with_repeated_key_and_value_weights()
    {
        AttentionWeights<double> weights = Numbers.RandomWeights(s_interleaved, seed: 34);
        ILayer<double> full = RelatedCases.InterleavedFullHeads;
        AttentionWeights<double> repeated = full.Zeros();
        Copy(weights, repeated, (from, to) => Heads(from.Data, 4 * 16, to.Data.Length / from.Data.Length, contiguous: true).CopyTo(to.Data, 0));
        AssertEqual(s_interleaved, weights, full, repeated);

        // The shared head's gradient is the sum over the heads that repeat it.
        (AttentionWeights<double> grouped, AttentionWeights<double> single) = (s_interleaved.Zeros(), full.Zeros());
        (double[] x, double[] g) = (Numbers.Random(35, Batch * Tokens * 16), Numbers.Random(36, Batch * Tokens * 16));
        s_interleaved.Backward(weights, x, g, grouped, TokenRows.Uniform(Batch, Tokens));
        full.Backward(repeated, x, g, single, TokenRows.Uniform(Batch, Tokens));
        foreach (string name in new[] { "k_proj.weight", "v_proj.weight" })
        {
            double[] summed = new double[grouped[name].Count];
            for (int i = 0; i < single[name].Count; i++)
            {
                summed[(i / 64 / 2 * 64) + (i % 64)] += single[name].Data[i];
            }

            Numbers.Close(summed, grouped[name].Data, Tolerances.SameMaths, name);
        }
    }

    [Fact]
    public void Reversed_sparse_queries_are_full_attention_with_tiled_query_weights()
    {
        ILayer<double> reversed = CoveringCases.Of(nameof(Reversed)).Reference;
        AttentionWeights<double> weights = Numbers.RandomWeights(reversed, seed: 37);
        AttentionWeights<double> tiled = RelatedCases.ReversedFullHeads.Zeros();
        Copy(weights, tiled, (from, to) => Heads(from.Data, 4 * 10, to.Data.Length / from.Data.Length, contiguous: false).CopyTo(to.Data, 0));
        AssertEqual(reversed, weights, RelatedCases.ReversedFullHeads, tiled);
    }

    [Fact]
    public void The_two_pair_layouts_are_one_function_up_to_the_order_of_the_rows()
    {
        AttentionWeights<double> weights = Numbers.RandomWeights(s_interleaved, seed: 38);
        AttentionWeights<double> permuted = RelatedCases.HalfSplitTwin.Zeros();
        Copy(weights, permuted, (from, to) =>
        {
            int[] order = from.Name is "q_proj.weight" or "k_proj.weight" ? [0, 2, 1, 3] : [0, 1, 2, 3];
            double[][][] heads = [.. from.Data.Chunk(from.Shape[1]).Chunk(4)];
            heads.SelectMany(head => order.SelectMany(row => head[row])).ToArray().CopyTo(to.Data, 0);
        });
        AssertEqual(s_interleaved, weights, RelatedCases.HalfSplitTwin, permuted);
    }

    private static void AssertEqual(ILayer<double> layer, ILayer<double> other)
    {
        AttentionWeights<double> weights = Numbers.RandomWeights(layer, seed: 39);
        AttentionWeights<double> same = other.Zeros();
        Copy(weights, same);
        AssertEqual(layer, weights, other, same);

        (AttentionWeights<double> expected, AttentionWeights<double> actual) = (layer.Zeros(), other.Zeros());
        double[] x = Numbers.Random(40, Batch * Tokens * layer.Shape.Dim);
        layer.Backward(weights, x, x, expected, TokenRows.Uniform(Batch, Tokens));
        other.Backward(same, x, x, actual, TokenRows.Uniform(Batch, Tokens));
        Assert.All(expected.Tensors, tensor => Numbers.Close(tensor.Data, actual[tensor.Name].Data, Tolerances.SameMaths * Tokens, tensor.Name));
    }

    /// <summary>Equal outputs, and equal gradients of x.</summary>
    private static void AssertEqual(ILayer<double> layer, AttentionWeights<double> weights, ILayer<double> other, AttentionWeights<double> otherWeights)
    {
        TokenRows rows = TokenRows.Uniform(Batch, Tokens);
        double[] x = Numbers.Random(41, Batch * Tokens * layer.Shape.Dim);
        double[] g = Numbers.Random(42, Batch * Tokens * layer.Shape.Dim);
        Numbers.Close(layer.Forward(weights, x, rows), other.Forward(otherWeights, x, rows), Tolerances.SameMaths, "output");
        Numbers.Close(layer.Backward(weights, x, g, layer.Zeros(), rows), other.Backward(otherWeights, x, g, other.Zeros(), rows), Tolerances.SameMaths * Tokens, "gradient of x");
    }

    /// <summary>Every weight of <paramref name="from"/>, changed on the way where the sizes or meanings differ.</summary>
    private static void Copy(AttentionWeights<double> from, AttentionWeights<double> to, Change? change = null)
    {
        foreach (WeightTensor<double> tensor in from.Tensors)
        {
            (change ?? ((source, target) => source.Data.CopyTo(target.Data, 0)))(tensor, to[tensor.Name]);
        }
    }

    /// <summary>Heads repeated: h0 h0 h1 h1 when contiguous, else h0 h1 h0 h1.</summary>
    private static double[] Heads(double[] rows, int headSize, int times, bool contiguous) => times == 1
        ? rows
        : contiguous
            ? [.. rows.Chunk(headSize).SelectMany(head => Enumerable.Repeat(head, times)).SelectMany(head => head)]
            : [.. Enumerable.Repeat(rows, times).SelectMany(all => all)];
}

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Cli.Stacks;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Numbers;

/// <summary>The generated constants and formulas against the sheets' counts; nothing is allocated, so any size will do.</summary>
internal static class CostChecks
{
    private static readonly long[] s_lengths = [1, 2, 3, 4, 5, 17, 128];

    public static IReadOnlyList<string> Run(Stack stack, CompiledStack compiled)
    {
        var facts = new Facts(stack);
        StackSpec spec = compiled.Spec;
        List<string> complaints = [];
        void Equal(string what, decimal expected, decimal actual)
        {
            if (expected != actual)
            {
                complaints.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {actual}, expected {expected}"));
            }
        }

        (string Name, long Count)[] declared = [.. compiled.Weights.Select(w => (w.Name, w.Shape.Aggregate(1L, (product, size) => product * size)))];
        if (!declared.SequenceEqual(facts.Weights()))
        {
            complaints.Add($"weights: {string.Join(", ", declared)}; expected {string.Join(", ", facts.Weights())}");
        }

        decimal parameters = facts.Weights().Sum(w => (decimal)w.Count);
        decimal cache = facts.HasCache ? facts.Cached : 0;
        Equal("ParameterCount", parameters, spec.ParameterCount);
        Equal("CacheScalarsPerToken", cache, spec.CacheScalarsPerToken);
        decimal element = stack.Find("KvCache")?["Element"]?.Member == "BFloat16" ? 2 : 4;
        decimal bytes = element * cache;
        decimal codes = bytes;
        long residual = 0;
        if (stack.Find("QuantizedCache") is { } quantized)
        {
            residual = quantized["Residual"]?.Whole ?? 128;
            codes = cache * ((quantized["bits"]!.Whole / 8m) + (8m / (quantized["Group"]?.Whole ?? 32)));
        }

        Equal("CacheBytesPerToken", codes, spec.CacheBytesPerToken);
        decimal coded = cache == 0 ? 0 : codes / cache;
        decimal More(decimal scalars) => scalars * (element - coded);
        Equal("ConstantStateScalars", facts.HasCache ? facts.State : 0, spec.ConstantStateScalars);

        decimal linear = 2m * facts.Weights().Where(w => w.Name.Contains("_proj") && w.Name.EndsWith(".weight", StringComparison.Ordinal)).Sum(w => (decimal)w.Count);

        // The first convolution is done again for the rows that the second one reaches back to.
        (decimal every, decimal again) = facts.Convolutions is { } k ? (2m * facts.Channels * (k.Seq + (facts.Width * k.Head)), 2m * facts.Channels * k.Seq * (k.Head - 1)) : (0, 0);
        linear += every;

        // A narrow key is widened for every token that is fresh or visible.
        decimal widened = facts.KeyWidth < facts.Width ? 2m * facts.KeyHeads * facts.KeyWidth * facts.Width : 0;
        decimal pair = 4m * facts.ScoreHeads * facts.Width;
        foreach (long length in s_lengths)
        {
            decimal expected = ((linear + widened) * length) + again + (pair * Pairs(facts, length));
            if (expected <= long.MaxValue)
            {
                Equal($"PrefillFlops({length})", expected, spec.PrefillFlops(length));
            }

            if (facts.HasCache)
            {
                decimal seen = facts.Left is { } left ? Math.Min(length, left + 1) : length;
                Equal($"DecodeFlops({length})", linear + again + (widened * length) + (pair * seen), spec.DecodeFlops(length) ?? -1);
                decimal keys = residual == 0 ? 0 : Math.Min(seen, ((length - 1) % residual) + 1);
                decimal values = residual == 0 ? 0 : Math.Min(seen, residual + 1);
                Equal($"DecodeBytes({length})", (4 * parameters) + (codes * seen) + (keys * More(facts.KeyHeads * facts.KeyWidth)) + (values * More(facts.ValueHeads * facts.Width)), spec.DecodeBytes(length) ?? -1);
            }
        }

        return complaints;
    }

    private static long Pairs(Facts facts, long tokens)
    {
        long pairs = 0;
        for (long i = 0; i < tokens; i++)
        {
            long first = facts.Left is { } left ? Math.Max(0, i - left) : 0;
            long last = facts.Causal is not null ? i : facts.Right is { } right ? Math.Min(tokens - 1, i + right) : tokens - 1;
            pairs += last - first + 1;
        }

        return pairs;
    }
}

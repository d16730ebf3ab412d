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
        decimal cache = facts.CacheScalars;
        Equal("ParameterCount", parameters, spec.ParameterCount);
        Equal("CacheScalarsPerToken", facts.Ring is null ? cache : 0, spec.CacheScalarsPerToken);
        decimal codes = (facts.KeyBytes * (decimal)facts.KeyScalars) + (facts.ValueBytes * (decimal)facts.ValueScalars);
        (decimal keyRate, decimal valueRate) = (facts.KeyBytes, facts.ValueBytes);
        long residual = 0;
        if (stack.Find("QuantizedCache") is { } quantized)
        {
            residual = quantized["Residual"]?.Whole ?? 128;
            keyRate = valueRate = (quantized["bits"]!.Whole / 8m) + (8m / (quantized["Group"]?.Whole ?? 32));
            codes = Math.Ceiling(cache * keyRate);
        }

        Equal("CacheBytesPerToken", facts.Ring is null ? codes : 0, spec.CacheBytesPerToken);
        decimal moreOfKeys = Math.Floor(facts.KeyScalars * (facts.KeyBytes - keyRate));
        decimal moreOfValues = Math.Floor(facts.ValueScalars * (facts.ValueBytes - valueRate));

        // A ring keeps sinks that turn a second time, as they were appended.
        decimal turned = facts is { Ring: { BySlot: true, Sinks: var sinks }, Rotation: not null } ? sinks * facts.KeyScalars : 0;
        decimal ringed = facts.Ring is { } kept ? ((kept.Sinks + kept.Recent + 1) * cache) + turned : 0;
        Equal("ConstantStateScalars", ringed + (facts.HasCache ? facts.State : 0), spec.ConstantStateScalars);

        // The first convolution is done again for the rows that the second one reaches back to.
        (decimal every, decimal again) = facts.Convolutions is { } k ? (2m * facts.Channels * (k.Seq + (facts.Width * k.Head)), 2m * facts.Channels * k.Seq * (k.Head - 1)) : (0, 0);
        decimal linear = Linear(facts) + every;

        // A narrow key is widened for every token that is fresh or visible.
        decimal widened = facts.KeptKeyWidth < facts.Width ? 2m * facts.KeyHeads * facts.KeptKeyWidth * facts.Width : 0;
        decimal pair = 2m * facts.ScoreHeads * ((decimal)facts.KeyWidth + facts.ValueWidth);
        decimal valuePair = 2m * facts.ScoreHeads * facts.ValueWidth;
        foreach (long length in s_lengths)
        {
            decimal expected = ((linear + widened) * length) + again + (pair * Pairs(facts, length)) - (valuePair * (Pairs(facts, length) - Pairs(facts, length, facts.Keep)));
            if (expected <= long.MaxValue)
            {
                Equal($"PrefillFlops({length})", expected, spec.PrefillFlops(length));
            }

            if (facts.HasCache)
            {
                decimal seen = facts.Left is { } left ? Math.Min(length, left + 1) : facts.Ring is { } ring ? Math.Min(length, ring.Seen + 1) : length;
                decimal leftOut = seen - Math.Min(seen, facts.Keep ?? seen);
                decimal valueWidth = facts.Latent is { Absorbs: true } absorbed ? 2m * facts.ScoreHeads * absorbed.Rank : valuePair;

                // Nothing between widening and scores: the query is made narrow instead, and every score is one with a narrow key.
                bool folds = widened > 0 && facts is { Rotation: null, NormEps: null, UnitLength: false };
                decimal expanded = folds ? (2m * facts.QueryHeads * facts.KeptKeyWidth * facts.Width) - (2m * facts.ScoreHeads * (facts.Width - facts.KeptKeyWidth) * seen) : widened * length;
                Equal($"DecodeFlops({length})", Decode(facts, linear, pair, length, seen) - (valueWidth * leftOut) + again + expanded, spec.DecodeFlops(length) ?? -1);

                // Keys that are made of what is kept are made again, of all of it, whatever a window shows; of values that are selected the heads of one value head choose each their own.
                decimal keyTokens = (widened > 0 && !folds) || facts.Latent is { Absorbs: false } or { Count: > 1 } || facts.Tied is not null ? length : seen;
                decimal valueTokens = facts.Keep is { } keep && facts.Latent is null ? Math.Min(seen, (decimal)keep * (facts.ScoreHeads / facts.ValueHeads)) : seen;
                bool apart = facts.Latent is null && (facts.Keep is not null || (widened > 0 && !folds && facts.Left is not null));
                decimal read = apart ? (Math.Ceiling(keyRate * facts.KeyScalars) * keyTokens) + (Math.Ceiling(valueRate * facts.ValueScalars) * valueTokens) : codes * keyTokens;
                decimal keys = residual == 0 ? 0 : Math.Min(keyTokens, ((length - 1) % residual) + 1);
                decimal values = residual == 0 ? 0 : Math.Min(valueTokens, residual + 1);
                Equal($"DecodeBytes({length})", (4 * parameters) + read + (keys * moreOfKeys) + (values * moreOfValues), spec.DecodeBytes(length) ?? -1);
            }
        }

        return complaints;
    }

    /// <summary>Two FLOPs for each element of a weight a token is multiplied by.</summary>
    private static decimal Linear(Facts facts) =>
        2m * facts.Weights().Where(w => (w.Name.Contains("_proj", StringComparison.Ordinal) || w.Name.StartsWith("W_", StringComparison.Ordinal)) && w.Name.EndsWith(".weight", StringComparison.Ordinal)).Sum(w => (decimal)w.Count);

    // Absorbed, kv_b costs as much as for one token, and a pair the widths of latents; expanded, kv_b is paid for every cached token.
    private static decimal Decode(Facts facts, decimal linear, decimal pair, long context, decimal seen)
    {
        if (facts.Latent is not { } latent)
        {
            return linear + (pair * seen);
        }

        decimal up = 2m * facts.QueryHeads * ((decimal)latent.Nope + latent.Value) * latent.Rank;
        return latent.Absorbs
            ? linear + (2m * facts.QueryHeads * ((2 * latent.Rank) + latent.Rope) * seen)
            : linear - up + (up * context) + (pair * seen);
    }

    private static long Pairs(Facts facts, long tokens, long? most = null)
    {
        long pairs = 0;
        for (long i = 0; i < tokens; i++)
        {
            long first = facts.Left is { } left ? Math.Max(0, i - left) : 0;
            long last = facts.Causal is not null ? i : facts.Right is { } right ? Math.Min(tokens - 1, i + right) : tokens - 1;
            pairs += Math.Min(last - first + 1, most ?? long.MaxValue);
        }

        return pairs;
    }
}

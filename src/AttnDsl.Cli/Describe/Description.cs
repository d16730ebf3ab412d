using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Cli.Output;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Cli.Describe;

/// <summary>Everything <c>attn describe</c> shows of an accepted stack; its JSON is this record in camelCase.</summary>
/// <param name="Stack">The stack as given.</param>
/// <param name="Accepted">Always true here; a refused stack prints <see cref="RefusalJson"/>.</param>
/// <param name="Diagnostics">Warnings and infos.</param>
/// <param name="Formula">The layer's formula, line by line.</param>
/// <param name="Widths">Heads and widths.</param>
/// <param name="Weights">Every parameter in the order of the checkpoint.</param>
/// <param name="Parameters">Scalars in all weights.</param>
/// <param name="Cache">What is kept per token.</param>
/// <param name="ConstantStateScalars">Scalars kept per sequence whatever its length.</param>
/// <param name="Prefill">Cost of one pass.</param>
/// <param name="Decode">Cost of one more token; null when the stack has no step-by-step form.</param>
internal sealed record Description(
    string Stack,
    bool Accepted,
    IReadOnlyList<DiagnosticJson> Diagnostics,
    IReadOnlyList<string> Formula,
    DescriptionWidths Widths,
    IReadOnlyList<DescriptionWeight> Weights,
    long Parameters,
    DescriptionCache Cache,
    long ConstantStateScalars,
    DescriptionPrefill Prefill,
    DescriptionDecode? Decode)
{
    /// <summary>Reads the generated code of an accepted stack.</summary>
    /// <exception cref="UnusableInputException">A cost does not fit 64 bits at the sizes asked for.</exception>
    public static Description Of(StackResult result, DescribeOptions options)
    {
        CompiledStack stack = result.Require();
        StackSpec spec = stack.Spec;
        return new Description(
            result.Text,
            true,
            DiagnosticJson.Of(result),
            stack.Formula,
            new DescriptionWidths(
                spec.Dim,
                spec.Heads,
                spec.QueryHeads,
                spec.KeyHeads,
                spec.ValueHeads,
                spec.ScoreHeads,
                spec.HeadDim,
                spec.KeyWidth,
                spec.ValueWidth),
            [.. stack.Weights.Select(w => new DescriptionWeight(w.Name, [.. w.Shape], w.Shape.Aggregate(1L, (count, size) => checked(count * size))))],
            spec.ParameterCount,
            new DescriptionCache(spec.CacheScalarsPerToken, spec.CacheBytesPerToken, ElementName(stack.KeyElement, stack.ValueElement)),
            spec.ConstantStateScalars,
            new DescriptionPrefill(options.Tokens, Cost("--tokens", options.Tokens, spec.PrefillFlops)),
            stack.HasCache
                && Cost("--context", options.Context, spec.DecodeFlops) is { } flops
                && Cost("--context", options.Context, spec.DecodeBytes) is { } bytes
                ? new DescriptionDecode(options.Context, flops, bytes)
                : null);
    }

    private static string? ElementName(CacheElement? keys, CacheElement? values) =>
        keys is not { } ofKeys || values is not { } ofValues ? null : ofKeys == ofValues ? ElementName(ofKeys) : ElementName(ofKeys) + " of keys, " + ElementName(ofValues) + " of values";

    private static string ElementName(CacheElement element) => element switch
    {
        CacheElement.Float32 => "float32",
        CacheElement.BFloat16 => "bfloat16",
        _ => element.ToString(),
    };

    private static T Cost<T>(string option, long size, Func<long, T> formula)
    {
        try
        {
            return formula(size);
        }
        catch (OverflowException e)
        {
            throw new UnusableInputException($"{option}: the cost at {Terminal.Count(size)} does not fit 64 bits", e);
        }
    }
}

/// <summary>Heads and widths of the layer; see the generated <c>Spec</c>.</summary>
internal sealed record DescriptionWidths(
    int Dim,
    int Heads,
    int QueryHeads,
    int KeyHeads,
    int ValueHeads,
    int ScoreHeads,
    int HeadDim,
    int KeyWidth,
    int ValueWidth);

/// <summary>One parameter.</summary>
/// <param name="Name">Checkpoint name.</param>
/// <param name="Shape">Sizes; (out, in) for a linear map.</param>
/// <param name="Parameters">Scalars.</param>
internal sealed record DescriptionWeight(string Name, IReadOnlyList<int> Shape, long Parameters);

/// <summary>What one token leaves behind.</summary>
/// <param name="ScalarsPerToken">Scalars.</param>
/// <param name="BytesPerToken">Bytes, as a backend stores them.</param>
/// <param name="Element">float32 or bfloat16; null when the stack keeps no cache.</param>
internal sealed record DescriptionCache(long ScalarsPerToken, long BytesPerToken, string? Element);

/// <summary>Cost of one pass over <paramref name="Tokens"/> tokens.</summary>
/// <param name="Tokens">Tokens.</param>
/// <param name="Flops">Twice the multiply-adds of the linear and attention steps, visible pairs counted exactly.</param>
internal sealed record DescriptionPrefill(long Tokens, long Flops);

/// <summary>Cost of one more token.</summary>
/// <param name="Context">Tokens it sees, itself included.</param>
/// <param name="Flops">As for the prefill.</param>
/// <param name="Bytes">Bytes to read: weights at float32, and the visible cache as it is stored.</param>
internal sealed record DescriptionDecode(long Context, long Flops, long Bytes);

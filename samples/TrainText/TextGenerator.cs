using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Torch;
using Stories;
using TorchSharp;
using static TorchSharp.torch;

namespace TrainText;

/// <summary>Lets a model go on with a text: the prompt at once, then token by token through the caches.</summary>
public static class TextGenerator
{
    /// <summary>The tokens that follow a prompt, until the model ends, its positions are full, or <paramref name="count"/> are made.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompt">At least one token, and no more than the model has positions for.</param>
    /// <param name="count">Most tokens to make.</param>
    /// <param name="sampler">Chooses.</param>
    /// <param name="end">The token at which a text is over; null for none.</param>
    public static IEnumerable<int> Continue(LanguageModel model, IReadOnlyList<int> prompt, int count, Sampler sampler, int? end)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(sampler);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (prompt.Count < 1 || prompt.Count > model.Shape.Positions)
        {
            throw new ArgumentException(FormattableString.Invariant($"prompt: expected 1 to {model.Shape.Positions} tokens, actual {prompt.Count}"), nameof(prompt));
        }

        return Run(model, prompt, Math.Min(count, model.Shape.Positions - prompt.Count), sampler, end);
    }

    private static IEnumerable<int> Run(LanguageModel model, IReadOnlyList<int> prompt, int count, Sampler sampler, int? end)
    {
        model.eval();
        IReadOnlyList<TorchCache> caches = model.CreateCaches();
        try
        {
            long[] next = [.. prompt.Select(token => (long)token)];
            for (int made = 0; made < count; made++)
            {
                int token = sampler.Next<float>(Logits(model, next, caches));
                if (token == end)
                {
                    yield break;
                }

                yield return token;
                next = [token];
            }
        }
        finally
        {
            foreach (TorchCache cache in caches)
            {
                cache.Dispose();
            }
        }
    }

    private static float[] Logits(LanguageModel model, long[] tokens, IReadOnlyList<TorchCache> caches)
    {
        using IDisposable gradientless = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return model.forward(tensor(tokens, [1, tokens.Length]), caches).contiguous().data<float>().ToArray();
    }
}

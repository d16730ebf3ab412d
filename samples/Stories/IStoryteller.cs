using System;
using System.Collections.Generic;

namespace Stories;

/// <summary>A model that continues prompts, whatever it computes with.</summary>
public interface IStoryteller
{
    /// <summary>Number of tokens the model knows.</summary>
    int VocabSize { get; }

    /// <summary>Largest number of positions the model was trained for.</summary>
    int SequenceLength { get; }

    /// <summary>Continues a prompt, one token at a time, until the model begins another story.</summary>
    /// <param name="prompt">At least one token; the whole prompt is one prefill.</param>
    /// <param name="sampler">Chooses each token.</param>
    /// <param name="count">Largest number of new tokens; together with the prompt at most <see cref="SequenceLength"/>.</param>
    /// <exception cref="ArgumentException">The prompt is empty, or prompt and new tokens are too many.</exception>
    IEnumerable<int> Continue(IReadOnlyList<int> prompt, Sampler sampler, int count);
}

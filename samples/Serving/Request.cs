using System;
using System.Collections.Generic;

namespace Serving;

/// <summary>One prompt to be continued, and how far it has come.</summary>
public sealed class Request
{
    private readonly int promptLength;

    /// <param name="number">Its place in the queue, from 0.</param>
    /// <param name="prompt">At least one token.</param>
    /// <param name="count">Tokens to make at most, at least 1.</param>
    /// <exception cref="ArgumentException">No token, or nothing to make.</exception>
    public Request(int number, IReadOnlyList<int> prompt, int count)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (prompt.Count == 0)
        {
            throw new ArgumentException("prompt: expected at least one token, got none", nameof(prompt));
        }

        Number = number;
        promptLength = prompt.Count;
        Tokens.AddRange(prompt);
        Count = count;
    }

    /// <summary>Its place in the queue.</summary>
    public int Number { get; }

    /// <summary>Tokens to make at most.</summary>
    public int Count { get; }

    /// <summary>The prompt and what was made of it.</summary>
    public List<int> Tokens { get; } = [];

    /// <summary>Tokens made so far.</summary>
    public int Made => Tokens.Count - promptLength;

    /// <summary>Whether the story is over.</summary>
    public bool IsDone { get; private set; }

    /// <summary>One more token; the begin of another sequence ends this one.</summary>
    public void Add(int token)
    {
        if (token == Stories.Tokenizer.BeginOfSequence)
        {
            IsDone = true;
            return;
        }

        Tokens.Add(token);
        IsDone = Made >= Count;
    }
}

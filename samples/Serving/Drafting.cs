using System;
using System.Collections.Generic;

namespace Serving;

/// <summary>
/// Guesses what comes next without a model: where the last tokens occurred before in the same text, what followed them then. Right guesses save steps; wrong ones cost a rollback and change nothing.
/// </summary>
public static class Drafting
{
    private const int Longest = 3;

    /// <summary>At most <paramref name="count"/> tokens that may follow.</summary>
    /// <param name="tokens">The text so far.</param>
    /// <param name="count">Tokens to guess at most.</param>
    public static int[] Guess(IReadOnlyList<int> tokens, int count)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        for (int length = Math.Min(Longest, tokens.Count - 1); length > 0 && count > 0; length--)
        {
            for (int start = tokens.Count - length - 1; start >= 0; start--)
            {
                if (IsSame(tokens, start, tokens.Count - length, length))
                {
                    var guess = new int[Math.Min(count, tokens.Count - start - length)];
                    for (int i = 0; i < guess.Length; i++)
                    {
                        guess[i] = tokens[start + length + i];
                    }

                    return guess;
                }
            }
        }

        return [];
    }

    private static bool IsSame(IReadOnlyList<int> tokens, int a, int b, int length)
    {
        for (int i = 0; i < length; i++)
        {
            if (tokens[a + i] != tokens[b + i])
            {
                return false;
            }
        }

        return true;
    }
}

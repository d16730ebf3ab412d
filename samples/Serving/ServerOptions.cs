using System;

namespace Serving;

/// <summary>How requests are served.</summary>
public sealed record ServerOptions
{
    /// <summary>Tokens of a page, as the attention's attribute says.</summary>
    public const int PageSize = 16;

    /// <summary>Requests at a time.</summary>
    public int Rows { get; init; } = 8;

    /// <summary>Pages of the cache; null: as many as it takes.</summary>
    public int? Pages { get; init; }

    /// <summary>Tokens of a prompt in one step at most.</summary>
    public int Chunk { get; init; } = 32;

    /// <summary>Tokens to guess ahead at most; 0: none.</summary>
    public int Guesses { get; init; } = 4;

    /// <summary>Refuses what cannot be served.</summary>
    /// <param name="sequenceLength">The model's longest sequence.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option out of range.</exception>
    public void Check(int sequenceLength)
    {
        Least(nameof(Rows), Rows, 1);
        Least(nameof(Chunk), Chunk, 1);
        Least(nameof(Guesses), Guesses, 0);
        if (Pages is { } pages)
        {
            // One request must always be able to go on alone: its pages, and one for a page that is copied.
            Least(nameof(Pages), pages, ((sequenceLength + PageSize - 1) / PageSize) + 1);
        }
    }

    private static void Least(string name, int value, int least)
    {
        if (value < least)
        {
            throw new ArgumentOutOfRangeException(name, value, FormattableString.Invariant($"{name}: expected at least {least}, got {value}"));
        }
    }
}

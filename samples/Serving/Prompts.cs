using System.Linq;

namespace Serving;

/// <summary>Beginnings of stories. A service's requests begin alike: the same instructions, the same conversation so far.</summary>
internal static class Prompts
{
    private static readonly string[] s_beginnings =
    [
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine with her friends. One day, ",
        "Once upon a time, there was a big dog named Max. He lived in a small house near the forest. Every morning, ",
        "Tom and Sam were best friends. They liked to play with their toys in the park. ",
    ];

    private static readonly string[] s_turns = ["it rained", "she saw a cat", "they found a box", "he lost his ball", "a bird sang", "mom made a cake", "the sun was hot", "there was a noise"];

    public static string[] All { get; } = [.. from turn in s_turns from beginning in s_beginnings select beginning + turn];
}

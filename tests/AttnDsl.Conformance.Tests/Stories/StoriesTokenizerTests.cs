using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using global::Stories;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>Encoding and decoding with the pretrained model's vocabulary; the expected tokens are those of llama2.c's run.c.</summary>
public sealed class StoriesTokenizerTests(ITestOutputHelper output)
{
    public static TheoryData<string, int[]> Encodings => new()
    {
        { "", [1] },
        { " ", [1, 410, 410] },
        { "Once upon a time", [1, 403, 407, 261, 378] },
        { "  two  spaces", [1, 410, 410, 259, 424, 414, 410, 262, 427, 412, 331, 419] },
        { "The cat said: \"Hi!\"", [1, 291, 280, 294, 336, 467, 313, 440, 417, 443, 436] },
        { "naïve café", [1, 297, 412, 198, 178, 360, 280, 412, 431, 485] },
        { "日本", [1, 410, 233, 154, 168, 233, 159, 175] },
        { "🙂 ok", [1, 410, 243, 162, 156, 133, 334, 433] },
        { "<0x41>", [1, 410, 504, 477, 444, 484, 475, 505] },
        { "™ x", [1, 410, 507, 410, 444] },
        { "line\nbreak\ttab", [1, 278, 271, 411, 13, 430, 276, 412, 433, 12, 413, 412, 430] },
        { "\n<s>\n", [1, 410, 13, 504, 419, 505, 13] },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Texts_become_the_tokens_of_the_original_program(string text, int[] expected)
    {
        if (Load() is { } tokenizer)
        {
            Assert.Equal(expected, tokenizer.Encode(text));
        }
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Printed_tokens_are_the_text_again(string text, int[] tokens)
    {
        if (Load() is { } tokenizer)
        {
            Assert.Equal(text, Print(tokenizer, tokens));
        }
    }

    [Fact]
    public void Only_the_space_after_the_begin_is_dropped()
    {
        if (Load() is not { } tokenizer)
        {
            return;
        }

        Assert.Equal("a"u8.ToArray(), tokenizer.Decode(Tokenizer.BeginOfSequence, 261).ToArray());
        Assert.Equal(" a"u8.ToArray(), tokenizer.Decode(403, 261).ToArray());
        Assert.Equal([0xE2], tokenizer.Decode(403, Tokenizer.FirstByteToken + 0xE2).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode(1, 512));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode(1, -1));
    }

    [Fact]
    public void Control_characters_are_not_printed_and_broken_characters_are_marked()
    {
        if (Load() is { } tokenizer)
        {
            int First(byte value) => Tokenizer.FirstByteToken + value;
            Assert.Equal("a\n\uFFFD", Print(tokenizer, [1, First(0x1B), 412, First(7), First((byte)'\n'), First(0xE2)]));
        }
    }

    private Tokenizer? Load() => StoriesData.Find(StoriesData.Tokenizer, output) is { } path ? Tokenizer.Load(path, 512) : null;

    private static string Print(Tokenizer tokenizer, IEnumerable<int> tokens)
    {
        using var text = new StringWriter { NewLine = "|" };
        var printer = new StoryPrinter(tokenizer, text);
        foreach (int token in tokens)
        {
            printer.Write(token);
        }

        printer.End();
        return text.ToString().TrimEnd('|');
    }
}

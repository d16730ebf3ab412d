using System;
using System.IO;
using global::Stories;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>Vocabulary files: which are refused, and how pieces are merged.</summary>
public sealed class StoriesVocabularyTests : IDisposable
{
    private const int Longest = 6;

    private readonly TinyFiles files = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public void Characters_outside_the_vocabulary_fall_back_to_bytes() =>
        Assert.Equal([1, 259, 3 + 'a', 3 + 0xC3, 3 + 0xA4], Load(TinyFiles.Vocabulary(Longest, " "), 260).Encode("aä"));

    [Fact]
    public void Of_equal_scores_the_first_pair_is_merged() =>
        Assert.Equal([1, 259, 262, 260], Load(TinyFiles.Vocabulary(Longest, " ", "a", "b", "aa"), 263).Encode("aaa"));

    [Theory]
    [InlineData(261)]
    [InlineData(512)]
    public void A_vocabulary_with_fewer_tokens_is_refused(int expected) => Refused(TinyFiles.Vocabulary(Longest, " "), expected, FormattableString.Invariant($"{expected}"));

    [Fact]
    public void A_vocabulary_with_more_tokens_is_refused() => Refused(TinyFiles.Vocabulary(Longest, " ", "a"), 260, "trailing bytes, or the tokenizer of another model");

    [Fact]
    public void A_vocabulary_too_small_for_the_bytes_is_refused() => Refused(TinyFiles.Vocabulary(Longest), 258, "at least 259 tokens");

    [Fact]
    public void A_vocabulary_without_a_space_is_refused() => Refused(TinyFiles.Vocabulary(Longest, "a"), 260, "a token for a single space");

    [Fact]
    public void An_empty_file_is_refused() => Refused([], 260, "length: expected at least 2084 bytes for 260 tokens, actual 0");

    [Fact]
    public void A_file_that_ends_inside_the_last_token_is_refused() =>
        Refused(TinyFiles.Vocabulary(Longest, " ")[..^1], 260, "token 259: expected a length from 1 to 0 bytes, actual 1");

    [Fact]
    public void A_file_that_ends_between_tokens_is_refused() => Refused(TinyFiles.Vocabulary(Longest, " "), 261, "expected 261 tokens, actual 260");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(7)]
    [InlineData(int.MaxValue)]
    public void A_length_out_of_range_is_refused(int length)
    {
        byte[] bytes = TinyFiles.Vocabulary(Longest, " ");
        BitConverter.TryWriteBytes(bytes.AsSpan(sizeof(int) + sizeof(float)), length);
        Refused(bytes, 260, FormattableString.Invariant($"token 0: expected a length from 1 to 6 bytes, actual {length}"));
    }

    [Fact]
    public void A_score_that_is_not_finite_is_refused()
    {
        byte[] bytes = TinyFiles.Vocabulary(Longest, " ");
        BitConverter.TryWriteBytes(bytes.AsSpan(sizeof(int)), float.NaN);
        Refused(bytes, 260, "token 0: expected a finite score");
    }

    [Fact]
    public void A_vocabulary_whose_bytes_lie_elsewhere_is_refused()
    {
        byte[] bytes = TinyFiles.Vocabulary(Longest, " ");
        bytes[bytes.AsSpan().IndexOf("<0x00>"u8) + 4] = (byte)'1';
        Refused(bytes, 260, "token 3: expected the byte token <0x00>, actual '<0x01>'");
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("absent.bin", Assert.Throws<FileNotFoundException>(() => Tokenizer.Load(files.Missing("absent.bin"), 260)).Message, StringComparison.Ordinal);

    private Tokenizer Load(byte[] bytes, int vocabSize) => Tokenizer.Load(files.Write("tokens.bin", bytes), vocabSize);

    private void Refused(byte[] bytes, int vocabSize, string reason)
    {
        string message = Assert.Throws<InvalidDataException>(() => Load(bytes, vocabSize)).Message;
        Assert.Contains("tokens.bin: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }
}

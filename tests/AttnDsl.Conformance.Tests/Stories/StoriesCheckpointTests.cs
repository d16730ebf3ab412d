using System;
using System.IO;
using System.Linq;
using global::Stories;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>Checkpoints: where each tensor lies, and which files are refused before anything runs.</summary>
public sealed class StoriesCheckpointTests : IDisposable
{
    private readonly TinyFiles files = new();

    public void Dispose() => files.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_tensor_is_read_from_its_place(bool sharedClassifier)
    {
        int[] header = TinyFiles.Header;
        header[5] *= sharedClassifier ? 1 : -1;
        Checkpoint<double> checkpoint = Load(TinyFiles.Checkpoint(header, sharedClassifier));

        Assert.Equal(new CheckpointHeader(64, 3, 2, 8, 4, 260, 16, sharedClassifier), checkpoint.Header);
        AssertFilled(0, 260 * 64, checkpoint.TokenEmbedding);
        Assert.Equal(2, checkpoint.Layers.Count);
        for (int i = 0; i < 2; i++)
        {
            CheckpointLayer<double> layer = checkpoint.Layers[i];
            AssertFilled(1 + i, 64, layer.AttentionNorm);
            AssertFilled(3 + i, 64 * 64, layer.Query);
            AssertFilled(5 + i, 32 * 64, layer.Key);
            AssertFilled(7 + i, 32 * 64, layer.Value);
            AssertFilled(9 + i, 64 * 64, layer.Output);
            AssertFilled(11 + i, 64, layer.FeedForwardNorm);
            AssertFilled(13 + i, 3 * 64, layer.Gate);
            AssertFilled(15 + i, 3 * 64, layer.Down);
            AssertFilled(17 + i, 3 * 64, layer.Up);
        }

        AssertFilled(19, 64, checkpoint.FinalNorm);
        AssertFilled(sharedClassifier ? 0 : 22, 260 * 64, checkpoint.Classifier);
    }

    [Theory]
    [InlineData(0, 128, "dim: expected 64, as the annotated attention class declares, actual 128")]
    [InlineData(3, 4, "n_heads: expected 8, as the annotated attention class declares, actual 4")]
    [InlineData(4, 2, "n_kv_heads: expected 4, as the annotated attention class declares, actual 2")]
    [InlineData(0, 0, "dim: expected a positive number, actual 0")]
    [InlineData(1, -1, "hidden_dim: expected a positive number, actual -1")]
    [InlineData(2, 0, "n_layers: expected a positive number, actual 0")]
    [InlineData(3, int.MinValue, "n_heads: expected a positive number, actual -2147483648")]
    [InlineData(4, -4, "n_kv_heads: expected a positive number, actual -4")]
    [InlineData(5, 0, "vocab_size: expected a number other than zero, actual 0")]
    [InlineData(5, int.MinValue, "vocab_size: expected a number whose magnitude fits in 31 bits, actual -2147483648")]
    [InlineData(6, 0, "seq_len: expected a positive number, actual 0")]
    [InlineData(3, 7, "n_heads: expected a divisor of dim 64, actual 7")]
    [InlineData(4, 3, "n_kv_heads: expected a divisor of n_heads 8, actual 3")]
    [InlineData(3, 64, "dim / n_heads: expected an even head width")]
    [InlineData(1, int.MaxValue, "length: expected 3298535048476 bytes")]
    [InlineData(2, int.MaxValue, "as the header implies")]
    [InlineData(5, -260, "as the header implies")]
    [InlineData(6, 17, "length: expected")]
    public void A_header_that_does_not_fit_is_refused(int field, int value, string reason)
    {
        int[] header = TinyFiles.Header;
        header[field] = value;
        Refused(TinyFiles.Checkpoint(header), reason);
    }

    [Fact]
    public void Single_and_double_precision_read_the_same_weights()
    {
        string path = files.Write("model.bin", TinyFiles.Checkpoint(TinyFiles.Header));
        Checkpoint<float> single = Checkpoint<float>.Load(path, StoriesAttention.Cpu.Shape);
        Assert.Equal(Checkpoint<double>.Load(path, StoriesAttention.Cpu.Shape).Layers[1].Up, single.Layers[1].Up.Select(weight => (double)weight));
    }

    [Fact]
    public void A_header_whose_sizes_overflow_64_bits_is_refused()
    {
        // 64 · 3 · 2³¹ · 2³¹ · 4 bytes are 3 · 2⁷⁰, which is 0 in 64 bits.
        int[] header = TinyFiles.Header;
        header[1] = header[2] = int.MaxValue;
        Refused(TinyFiles.Checkpoint(header), "as the header implies");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(27)]
    public void A_file_without_a_whole_header_is_refused(int length) =>
        Refused(TinyFiles.Checkpoint(TinyFiles.Header)[..length], FormattableString.Invariant($"header: expected 28 bytes, actual {length}"));

    [Fact]
    public void A_truncated_file_is_refused() => Refused(TinyFiles.Checkpoint(TinyFiles.Header)[..^1], "length: expected");

    [Fact]
    public void Trailing_bytes_are_refused() => Refused([.. TinyFiles.Checkpoint(TinyFiles.Header), 0], "length: expected");

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Weights_that_are_not_finite_are_refused(float value)
    {
        byte[] bytes = TinyFiles.Checkpoint(TinyFiles.Header);
        BitConverter.TryWriteBytes(bytes.AsSpan(CheckpointHeader.ByteLength), value);
        Refused(bytes, "token_embedding: expected finite weights");
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("absent.bin", Assert.Throws<FileNotFoundException>(() => Checkpoint<double>.Load(files.Missing("absent.bin"), NaiveAttention.Shape)).Message, StringComparison.Ordinal);

    private Checkpoint<double> Load(byte[] bytes) => Checkpoint<double>.Load(files.Write("model.bin", bytes), NaiveAttention.Shape);

    private void Refused(byte[] bytes, string reason)
    {
        string message = Assert.Throws<InvalidDataException>(() => Load(bytes)).Message;
        Assert.Contains("model.bin: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    private static void AssertFilled(int value, int count, double[] tensor)
    {
        Assert.Equal(count, tensor.Length);
        Assert.All(tensor.Distinct(), scalar => Assert.Equal(value, scalar));
    }
}

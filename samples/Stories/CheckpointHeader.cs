using System;
using System.Buffers.Binary;
using System.IO;
using AttnDsl;

namespace Stories;

/// <summary>The seven integers a llama2.c checkpoint begins with, and what they imply for the rest of the file.</summary>
/// <param name="Dim">Width of the residual stream.</param>
/// <param name="HiddenDim">Width of the feed-forward network.</param>
/// <param name="Layers">Number of layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="VocabSize">Number of tokens; always positive here.</param>
/// <param name="SequenceLength">Largest number of positions the model was trained for.</param>
/// <param name="SharedClassifier">Whether the token embedding is also the classifier. The file says no by a negative vocabulary size.</param>
public sealed record CheckpointHeader(
    int Dim, int HiddenDim, int Layers, int Heads, int KvHeads, int VocabSize, int SequenceLength, bool SharedClassifier)
{
    /// <summary>Length of the header in bytes.</summary>
    public const int ByteLength = 7 * sizeof(int);

    /// <summary>Width of one head.</summary>
    public int HeadDim => Dim / Heads;

    /// <summary>Width of all key heads of one token, and of all value heads.</summary>
    public int KvDim => HeadDim * KvHeads;

    /// <summary>
    /// Length in bytes that a file with this header must have. The products of three 32-bit sizes do not fit in 64 bits, and a hostile header aims for
    /// exactly that, so they are formed in 128.
    /// </summary>
    public Int128 FileLength
    {
        get
        {
            Int128 dim = Dim;
            Int128 attention = 2 * dim * dim + 2 * dim * KvDim;
            Int128 feedForward = 3 * dim * HiddenDim;
            Int128 layer = attention + feedForward + 2 * dim;
            Int128 embedding = dim * VocabSize;
            return ByteLength + sizeof(float) * (embedding + Layers * layer + dim + RotationTables + (SharedClassifier ? 0 : embedding));
        }
    }

    /// <summary>Scalars in the two rotation tables older exports hold; they are skipped, the attention makes its own angles.</summary>
    public long RotationTables => 2 * ((long)SequenceLength * HeadDim / 2);

    /// <summary>Reads the header and refuses one that no model can have.</summary>
    /// <param name="bytes">The first <see cref="ByteLength"/> bytes of the file.</param>
    /// <param name="path">The file, for the error message.</param>
    /// <exception cref="InvalidDataException">A size is not positive, or the sizes contradict each other.</exception>
    public static CheckpointHeader Parse(ReadOnlySpan<byte> bytes, string path)
    {
        int vocab = Field(bytes, 5);
        if (vocab == int.MinValue)
        {
            throw Refuse(path, "vocab_size", "a number whose magnitude fits in 31 bits", vocab);
        }

        var header = new CheckpointHeader(
            Positive(bytes, 0, "dim", path), Positive(bytes, 1, "hidden_dim", path), Positive(bytes, 2, "n_layers", path),
            Positive(bytes, 3, "n_heads", path), Positive(bytes, 4, "n_kv_heads", path),
            vocab == 0 ? throw Refuse(path, "vocab_size", "a number other than zero", vocab) : Math.Abs(vocab),
            Positive(bytes, 6, "seq_len", path), SharedClassifier: vocab > 0);

        if (header.Dim % header.Heads != 0)
        {
            throw Refuse(path, "n_heads", FormattableString.Invariant($"a divisor of dim {header.Dim}"), header.Heads);
        }

        if (header.Heads % header.KvHeads != 0)
        {
            throw Refuse(path, "n_kv_heads", FormattableString.Invariant($"a divisor of n_heads {header.Heads}"), header.KvHeads);
        }

        if (header.HeadDim % 2 != 0)
        {
            throw Refuse(path, "dim / n_heads", "an even head width, because the rotation turns pairs", header.HeadDim);
        }

        return header;
    }

    /// <summary>Refuses a checkpoint that the annotated attention cannot run: its sizes are constants of the generated code.</summary>
    /// <param name="attention">Sizes of the generated attention.</param>
    /// <param name="path">The file, for the error message.</param>
    /// <exception cref="InvalidDataException">The width or a head count differs.</exception>
    public void Match(LayerShape attention, string path)
    {
        Same("dim", attention.Dim, Dim);
        Same("n_heads", attention.QueryHeads, Heads);
        Same("n_kv_heads", attention.KeyHeads, KvHeads);

        void Same(string field, int expected, int actual)
        {
            if (expected != actual)
            {
                throw Refuse(path, field, FormattableString.Invariant($"{expected}, as the annotated attention class declares"), actual);
            }
        }
    }

    private static int Positive(ReadOnlySpan<byte> bytes, int field, string name, string path)
    {
        int value = Field(bytes, field);
        return value > 0 ? value : throw Refuse(path, name, "a positive number", value);
    }

    private static int Field(ReadOnlySpan<byte> bytes, int field) => BinaryPrimitives.ReadInt32LittleEndian(bytes[(field * sizeof(int))..]);

    private static InvalidDataException Refuse(string path, string field, string expected, int actual) =>
        new(FormattableString.Invariant($"{path}: header field {field}: expected {expected}, actual {actual}."));
}

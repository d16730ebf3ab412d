using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using AttnDsl;

namespace Stories;

/// <summary>The weights of one layer, each row-major and (out, in).</summary>
/// <param name="AttentionNorm">[dim]</param>
/// <param name="Query">[heads * headDim, dim]</param>
/// <param name="Key">[kvHeads * headDim, dim]</param>
/// <param name="Value">[kvHeads * headDim, dim]</param>
/// <param name="Output">[dim, heads * headDim]</param>
/// <param name="FeedForwardNorm">[dim]</param>
/// <param name="Gate">[hidden, dim], w1 in the file.</param>
/// <param name="Down">[dim, hidden], w2 in the file.</param>
/// <param name="Up">[hidden, dim], w3 in the file.</param>
public sealed record CheckpointLayer(
    double[] AttentionNorm, double[] Query, double[] Key, double[] Value, double[] Output,
    double[] FeedForwardNorm, double[] Gate, double[] Down, double[] Up);

/// <summary>
/// A checkpoint in the format of llama2.c: the header, then float32 tensors in a fixed order, each over all layers
/// (embedding, attention norms, wq, wk, wv, wo, feed-forward norms, w1, w2, w3, final norm, two rotation tables, classifier unless shared).
/// </summary>
public sealed class Checkpoint
{
    private Checkpoint(CheckpointHeader header, double[] embedding, IReadOnlyList<CheckpointLayer> layers, double[] finalNorm, double[] classifier)
    {
        Header = header;
        TokenEmbedding = embedding;
        Layers = layers;
        FinalNorm = finalNorm;
        Classifier = classifier;
    }

    /// <summary>Sizes of the model.</summary>
    public CheckpointHeader Header { get; }

    /// <summary>[vocab, dim]</summary>
    public double[] TokenEmbedding { get; }

    /// <summary>The layers, first to last.</summary>
    public IReadOnlyList<CheckpointLayer> Layers { get; }

    /// <summary>[dim]</summary>
    public double[] FinalNorm { get; }

    /// <summary>[vocab, dim]; the same array as <see cref="TokenEmbedding"/> when the file says they are shared.</summary>
    public double[] Classifier { get; }

    /// <summary>Loads a checkpoint. The header is checked against the attention and the file's length before any weight is read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="attention">Sizes of the attention that will run the model.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not such a checkpoint, or another attention's.</exception>
    public static Checkpoint Load(string path, LayerShape attention)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        CheckpointHeader header = ReadHeader(file, path);
        header.Match(attention, path);
        if (file.Length != header.FileLength)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"{path}: length: expected {header.FileLength} bytes, as the header implies, actual {file.Length}."));
        }

        int widest = Math.Max(header.VocabSize, header.HiddenDim);
        if ((long)header.Dim * widest > Array.MaxLength)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"{path}: vocab_size and hidden_dim: expected at most {Array.MaxLength / header.Dim}, so that a tensor fits in one array, actual {widest}."));
        }

        return ReadWeights(new FloatReader(file, path), header);
    }

    private static CheckpointHeader ReadHeader(FileStream file, string path)
    {
        Span<byte> bytes = stackalloc byte[CheckpointHeader.ByteLength];
        int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read == bytes.Length
            ? CheckpointHeader.Parse(bytes, path)
            : throw new InvalidDataException(FormattableString.Invariant($"{path}: header: expected {bytes.Length} bytes, actual {read}."));
    }

    private static Checkpoint ReadWeights(FloatReader reader, CheckpointHeader header)
    {
        int dim = header.Dim, hidden = header.HiddenDim, kvDim = header.KvDim;
        double[] embedding = reader.Read("token_embedding", header.VocabSize * dim);
        double[][] attentionNorms = PerLayer("rms_att", dim);
        double[][] queries = PerLayer("wq", dim * dim);
        double[][] keys = PerLayer("wk", kvDim * dim);
        double[][] values = PerLayer("wv", kvDim * dim);
        double[][] outputs = PerLayer("wo", dim * dim);
        double[][] feedForwardNorms = PerLayer("rms_ffn", dim);
        double[][] gates = PerLayer("w1", hidden * dim);
        double[][] downs = PerLayer("w2", dim * hidden);
        double[][] ups = PerLayer("w3", hidden * dim);
        double[] finalNorm = reader.Read("rms_final", dim);
        reader.Skip(header.RotationTables);
        double[] classifier = header.SharedClassifier ? embedding : reader.Read("wcls", header.VocabSize * dim);

        var layers = new CheckpointLayer[header.Layers];
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i] = new CheckpointLayer(
                attentionNorms[i], queries[i], keys[i], values[i], outputs[i], feedForwardNorms[i], gates[i], downs[i], ups[i]);
        }

        return new Checkpoint(header, embedding, layers, finalNorm, classifier);

        double[][] PerLayer(string name, int count)
        {
            var tensors = new double[header.Layers][];
            for (int i = 0; i < tensors.Length; i++)
            {
                tensors[i] = reader.Read(name, count);
            }

            return tensors;
        }
    }

    /// <summary>Little-endian float32 from a stream through a small buffer.</summary>
    private sealed class FloatReader(Stream stream, string path)
    {
        private readonly byte[] buffer = new byte[1 << 16];

        public double[] Read(string tensor, int count)
        {
            var values = new double[count];
            for (int done = 0; done < count;)
            {
                Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, (long)(count - done) * sizeof(float)));
                stream.ReadExactly(chunk);
                for (int at = 0; at < chunk.Length; at += sizeof(float), done++)
                {
                    float value = BinaryPrimitives.ReadSingleLittleEndian(chunk[at..]);
                    values[done] = float.IsFinite(value)
                        ? value
                        : throw new InvalidDataException(FormattableString.Invariant($"{path}: {tensor}: expected finite weights, actual {value}."));
                }
            }

            return values;
        }

        public void Skip(long count) => stream.Seek(count * sizeof(float), SeekOrigin.Current);
    }
}

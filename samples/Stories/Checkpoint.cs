using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Numerics;
using AttnDsl;

namespace Stories;

/// <summary>
/// A checkpoint in the format of llama2.c: the header, then float32 tensors in a fixed order, each over all layers
/// (embedding, attention norms, wq, wk, wv, wo, feed-forward norms, w1, w2, w3, final norm, two rotation tables, classifier unless shared).
/// </summary>
/// <typeparam name="T">What the weights are read as; double holds them exactly too.</typeparam>
public sealed class Checkpoint<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Checkpoint(CheckpointHeader header, T[] embedding, IReadOnlyList<CheckpointLayer<T>> layers, T[] finalNorm, T[] classifier)
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
    public T[] TokenEmbedding { get; }

    /// <summary>The layers, first to last.</summary>
    public IReadOnlyList<CheckpointLayer<T>> Layers { get; }

    /// <summary>[dim]</summary>
    public T[] FinalNorm { get; }

    /// <summary>[vocab, dim]; the same array as <see cref="TokenEmbedding"/> when the file says they are shared.</summary>
    public T[] Classifier { get; }

    /// <summary>Loads a checkpoint. The header is checked against the attention and the file's length before any weight is read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="attention">Sizes of the attention that will run the model.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not such a checkpoint, or another attention's.</exception>
    public static Checkpoint<T> Load(string path, LayerShape attention)
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

    private static Checkpoint<T> ReadWeights(FloatReader reader, CheckpointHeader header)
    {
        int dim = header.Dim, hidden = header.HiddenDim, kvDim = header.KvDim;
        T[] embedding = reader.Read("token_embedding", header.VocabSize * dim);
        T[][] attentionNorms = PerLayer("rms_att", dim);
        T[][] queries = PerLayer("wq", dim * dim);
        T[][] keys = PerLayer("wk", kvDim * dim);
        T[][] values = PerLayer("wv", kvDim * dim);
        T[][] outputs = PerLayer("wo", dim * dim);
        T[][] feedForwardNorms = PerLayer("rms_ffn", dim);
        T[][] gates = PerLayer("w1", hidden * dim);
        T[][] downs = PerLayer("w2", dim * hidden);
        T[][] ups = PerLayer("w3", hidden * dim);
        T[] finalNorm = reader.Read("rms_final", dim);
        reader.Skip(header.RotationTables);
        T[] classifier = header.SharedClassifier ? embedding : reader.Read("wcls", header.VocabSize * dim);

        var layers = new CheckpointLayer<T>[header.Layers];
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i] = new CheckpointLayer<T>(
                attentionNorms[i], queries[i], keys[i], values[i], outputs[i], feedForwardNorms[i], gates[i], downs[i], ups[i]);
        }

        return new Checkpoint<T>(header, embedding, layers, finalNorm, classifier);

        T[][] PerLayer(string name, int count)
        {
            var tensors = new T[header.Layers][];
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

        public T[] Read(string tensor, int count)
        {
            var values = new T[count];
            for (int done = 0; done < count;)
            {
                Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, (long)(count - done) * sizeof(float)));
                stream.ReadExactly(chunk);
                for (int at = 0; at < chunk.Length; at += sizeof(float), done++)
                {
                    float value = BinaryPrimitives.ReadSingleLittleEndian(chunk[at..]);
                    values[done] = float.IsFinite(value)
                        ? T.CreateChecked(value)
                        : throw new InvalidDataException(FormattableString.Invariant($"{path}: {tensor}: expected finite weights, actual {value}."));
                }
            }

            return values;
        }

        public void Skip(long count) => stream.Seek(count * sizeof(float), SeekOrigin.Current);
    }
}

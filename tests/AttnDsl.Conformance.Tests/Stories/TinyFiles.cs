using System;
using System.IO;
using System.Text;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>Writes small checkpoints and vocabularies, good or spoilt, into a folder that goes with the test.</summary>
internal sealed class TinyFiles : IDisposable
{
    public const int Hidden = 3, Layers = 2, Vocab = 260, Positions = 16;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("attndsl-stories-");

    /// <summary>The header of a checkpoint that fits the annotated class.</summary>
    public static int[] Header => [64, Hidden, Layers, 8, 4, Vocab, Positions];

    public void Dispose() => folder.Delete(recursive: true);

    public string Missing(string name) => Path.Combine(folder.FullName, name);

    public string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>A checkpoint in which every scalar of a tensor is the tensor's number in the file, counting each layer of it.</summary>
    public static byte[] Checkpoint(int[] header, bool sharedClassifier = true)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        foreach (int field in header)
        {
            writer.Write(field);
        }

        const int Dim = 64, KvDim = 32;
        int number = 0;
        Tensor(1, Vocab * Dim);
        Tensor(Layers, Dim);
        Tensor(Layers, Dim * Dim);
        Tensor(Layers, KvDim * Dim);
        Tensor(Layers, KvDim * Dim);
        Tensor(Layers, Dim * Dim);
        Tensor(Layers, Dim);
        Tensor(Layers, Hidden * Dim);
        Tensor(Layers, Hidden * Dim);
        Tensor(Layers, Hidden * Dim);
        Tensor(1, Dim);
        Tensor(2, Positions * 8 / 2);
        if (!sharedClassifier)
        {
            Tensor(1, Vocab * Dim);
        }

        return bytes.ToArray();

        void Tensor(int copies, int count)
        {
            for (int copy = 0; copy < copies; copy++, number++)
            {
                for (int i = 0; i < count; i++)
                {
                    writer.Write((float)number);
                }
            }
        }
    }

    /// <summary>A vocabulary of three special tokens, the bytes and the given pieces.</summary>
    public static byte[] Vocabulary(int longest, params string[] pieces)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(longest);
        Array.ForEach(["<unk>", "<s>", "</s>"], Token);
        for (int value = 0; value < 256; value++)
        {
            Token(FormattableString.Invariant($"<0x{value:X2}>"));
        }

        Array.ForEach(pieces, Token);
        return bytes.ToArray();

        void Token(string piece)
        {
            byte[] text = Encoding.UTF8.GetBytes(piece);
            writer.Write(0f);
            writer.Write(text.Length);
            writer.Write(text);
        }
    }
}

using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;

using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>Collects tensors and writes them as a safetensors file.</summary>
/// <example>
/// <code>
/// new SafetensorsWriter()
///     .Add("q_proj.weight", [48, 48], weights.QProj.Data, SafetensorsDtype.BFloat16)
///     .AddMetadata("format", "pt")
///     .Save("model.safetensors");
/// </code>
/// </example>
public sealed class SafetensorsWriter
{
    private const int ChunkLength = 1 << 16;

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private delegate void Encode(int index, Span<byte> bytes);

    /// <summary>Adds a tensor of floating-point numbers. The values are read when the file is written, so they must not change before.</summary>
    /// <typeparam name="T">Type of the numbers.</typeparam>
    /// <param name="name">Name in the file: not empty, no NUL, no lone surrogates, not <c>__metadata__</c>, and new.</param>
    /// <param name="shape">Sizes, outermost first; empty for a scalar.</param>
    /// <param name="values">The numbers, row-major.</param>
    /// <param name="dtype">F64, F32, F16 or BF16: what they are rounded to, to nearest even.</param>
    /// <exception cref="ArgumentException">The name cannot be used, the length does not fit the shape, or the element type is none of the four.</exception>
    public SafetensorsWriter Add<T>(string name, ReadOnlySpan<long> shape, T[] values, SafetensorsDtype dtype)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(values);
        Encode encode = dtype switch
        {
            SafetensorsDtype.Float64 => (i, bytes) => BinaryPrimitives.WriteDoubleLittleEndian(bytes, double.CreateTruncating(values[i])),
            SafetensorsDtype.Float32 => (i, bytes) => BinaryPrimitives.WriteSingleLittleEndian(bytes, float.CreateTruncating(values[i])),
            SafetensorsDtype.Float16 => (i, bytes) => BinaryPrimitives.WriteHalfLittleEndian(bytes, Half.CreateTruncating(values[i])),
            SafetensorsDtype.BFloat16 => (i, bytes) => BinaryPrimitives.WriteUInt16LittleEndian(bytes, BFloat16Bits.FromDouble(double.CreateTruncating(values[i]))),
            _ => throw new ArgumentException($"dtype: expected F64, F32, F16 or BF16 for floating-point values, got {dtype}", nameof(dtype)),
        };
        return Add(name, shape, values.Length, dtype, encode);
    }

    /// <summary>Adds a tensor of 64-bit integers (I64).</summary>
    /// <param name="name">Name in the file, as for floating-point tensors.</param>
    /// <param name="shape">Sizes, outermost first; empty for a scalar.</param>
    /// <param name="values">The numbers, row-major.</param>
    /// <exception cref="ArgumentException">The name cannot be used, or the length does not fit the shape.</exception>
    public SafetensorsWriter AddIntegers(string name, ReadOnlySpan<long> shape, long[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Add(name, shape, values.Length, SafetensorsDtype.Int64, (i, bytes) => BinaryPrimitives.WriteInt64LittleEndian(bytes, values[i]));
    }

    /// <summary>Adds free text to the header.</summary>
    /// <param name="key">Key: no NUL, no lone surrogates, and new.</param>
    /// <param name="value">Text without lone surrogates.</param>
    /// <exception cref="ArgumentException">The key is taken, or a text cannot be written.</exception>
    public SafetensorsWriter AddMetadata(string key, string value)
    {
        CheckText(key, nameof(key));
        ArgumentNullException.ThrowIfNull(value);
        CheckSurrogates(value, nameof(value));
        return _metadata.TryAdd(key, value) ? this : throw new ArgumentException($"key: metadata {SafetensorsText.Quote(key)} is there already", nameof(key));
    }

    /// <summary>Writes the file. It is written under another name beside its place and then moved there, so a reader never sees half of it and a failure leaves the old one.</summary>
    /// <param name="path">Where to; an existing file is replaced.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);

        // Wide elements first, so that every tensor starts at a multiple of its element size; the sort is stable.
        Entry[] ordered = [.. _entries.Values.OrderByDescending(entry => SafetensorsDtypes.SizeOf(entry.Dtype))];
        byte[] header = Header(ordered);
        string temporary = string.Create(CultureInfo.InvariantCulture, $"{path}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                Span<byte> prefix = stackalloc byte[sizeof(ulong)];
                BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
                stream.Write(prefix);
                stream.Write(header);
                foreach (Entry entry in ordered)
                {
                    Write(stream, entry);
                }
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void Write(FileStream stream, Entry entry)
    {
        int size = SafetensorsDtypes.SizeOf(entry.Dtype);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkLength);
        int done = 0;
        while (done < entry.Count)
        {
            int count = Math.Min(ChunkLength / size, entry.Count - done);
            for (int i = 0; i < count; i++)
            {
                entry.Encode(done + i, chunk.AsSpan(i * size, size));
            }

            stream.Write(chunk, 0, count * size);
            done += count;
        }

        ArrayPool<byte>.Shared.Return(chunk);
    }

    private static void CheckText(string text, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(text, parameter);
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"{parameter}: {SafetensorsText.Quote(text)} holds a NUL character", parameter);
        }

        CheckSurrogates(text, parameter);
    }

    private static void CheckSurrogates(string text, string parameter)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text, i))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                throw new ArgumentException($"{parameter}: {SafetensorsText.Quote(text)} holds a lone surrogate", parameter);
            }
        }
    }

    private SafetensorsWriter Add(string name, ReadOnlySpan<long> shape, int count, SafetensorsDtype dtype, Encode encode)
    {
        CheckText(name, nameof(name));
        if (name == "__metadata__")
        {
            throw new ArgumentException("name: '__metadata__' is the format's own", nameof(name));
        }

        Check.Length("values", count, shape);
        return _entries.TryAdd(name, new Entry(name, dtype, shape.ToArray(), count, encode))
            ? this
            : throw new ArgumentException($"name: tensor {SafetensorsText.Quote(name)} is there already", nameof(name));
    }

    private byte[] Header(Entry[] ordered)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (_metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in _metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long begin = 0;
            foreach (Entry entry in ordered)
            {
                long end = begin + ((long)entry.Count * SafetensorsDtypes.SizeOf(entry.Dtype));
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", SafetensorsDtypes.NameOf(entry.Dtype));
                json.WriteStartArray("shape");
                foreach (long size in entry.Shape)
                {
                    json.WriteNumberValue(size);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                json.WriteNumberValue(end);
                json.WriteEndArray();
                json.WriteEndObject();
                begin = end;
            }

            json.WriteEndObject();
        }

        // Spaces up to a multiple of 8, so that the data is aligned in a mapped file.
        int padded = (buffer.WrittenCount + 7) & ~7;
        buffer.GetSpan(8)[..(padded - buffer.WrittenCount)].Fill((byte)' ');
        buffer.Advance(padded - buffer.WrittenCount);
        return buffer.WrittenSpan.ToArray();
    }

    private sealed record Entry(string Name, SafetensorsDtype Dtype, long[] Shape, int Count, Encode Encode);
}

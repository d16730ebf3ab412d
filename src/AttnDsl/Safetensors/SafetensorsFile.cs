using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Numerics;

using AttnDsl.Runtime;

using Microsoft.Win32.SafeHandles;

namespace AttnDsl;

/// <summary>
/// A safetensors file, open for reading. Opening reads and checks the header only; numbers are read when they are asked for. Safe for concurrent reads.
/// </summary>
/// <remarks>
/// Files are not trusted: whatever breaks the format is refused with a <see cref="SafetensorsException"/> before anything of a size that the file merely claims is allocated.
/// The format: 8 bytes header length N (little-endian), N bytes of JSON, then the tensors without gaps.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    /// <summary>Longest header that is read, in bytes. The format's own limit.</summary>
    public const long MaxHeaderLength = 100_000_000;

    private const int PrefixLength = 8;

    // Divisible by every element size; small enough to stay in the second-level cache.
    private const int ChunkLength = 1 << 16;

    private readonly SafeFileHandle _handle;
    private readonly long _dataStart;

    private SafetensorsFile(string path, SafeFileHandle handle, long dataStart, SafetensorsHeader header)
    {
        Path = path;
        _handle = handle;
        _dataStart = dataStart;
        Tensors = header.Tensors;
        Metadata = header.Metadata;
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>What the file holds, by name, in the order of the header.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors { get; }

    /// <summary>Free text from the header's <c>__metadata__</c>; empty without one.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">File to open.</param>
    /// <exception cref="SafetensorsException">The file breaks the format.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafeFileHandle handle = File.OpenHandle(path);
        try
        {
            long length = FileLength(handle, path);
            long headerLength = HeaderLength(handle, path, length);
            var json = new byte[headerLength];
            Fill(handle, json, PrefixLength, path);
            long dataStart = PrefixLength + headerLength;
            return new SafetensorsFile(path, handle, dataStart, SafetensorsHeader.Parse(json, length - dataStart));
        }
        catch (SafetensorsException exception)
        {
            handle.Dispose();
            string prefix = $"{path}: ";
            if (exception.Message.StartsWith(prefix, StringComparison.Ordinal))
            {
                throw;
            }

            throw new SafetensorsException(prefix + exception.Message, exception.InnerException);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The numbers of a floating-point tensor (F64, F32, F16 or BF16) as doubles, exactly.</summary>
    /// <param name="name">Tensor to read.</param>
    /// <exception cref="SafetensorsException">No such tensor, it does not hold floating-point numbers, or the file has become shorter.</exception>
    public double[] ReadDouble(string name) => Read<double>(name);

    /// <summary>The numbers of a floating-point tensor (F64, F32, F16 or BF16) as floats, rounded to nearest even.</summary>
    /// <param name="name">Tensor to read.</param>
    /// <exception cref="SafetensorsException">No such tensor, it does not hold floating-point numbers, or the file has become shorter.</exception>
    public float[] ReadSingle(string name) => Read<float>(name);

    /// <summary>The numbers of a floating-point tensor (F64, F32, F16 or BF16), rounded to nearest even where <typeparamref name="T"/> is narrower.</summary>
    /// <typeparam name="T">Type to convert to.</typeparam>
    /// <param name="name">Tensor to read.</param>
    /// <exception cref="SafetensorsException">No such tensor, it does not hold floating-point numbers, or the file has become shorter.</exception>
    public T[] Read<T>(string name)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        SafetensorsTensor tensor = Find(name);
        return tensor.Dtype switch
        {
            SafetensorsDtype.Float64 => Read(tensor, bytes => T.CreateTruncating(BinaryPrimitives.ReadDoubleLittleEndian(bytes))),
            SafetensorsDtype.Float32 => Read(tensor, bytes => T.CreateTruncating(BinaryPrimitives.ReadSingleLittleEndian(bytes))),
            SafetensorsDtype.Float16 => Read(tensor, bytes => T.CreateTruncating(BinaryPrimitives.ReadHalfLittleEndian(bytes))),
            SafetensorsDtype.BFloat16 => Read(tensor, bytes => T.CreateTruncating(BFloat16Bits.ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes)))),
            _ => throw Wrong(tensor, "F64, F32, F16 or BF16"),
        };
    }

    /// <summary>The numbers of an integer tensor of any width; BOOL gives 0 and 1.</summary>
    /// <param name="name">Tensor to read.</param>
    /// <exception cref="SafetensorsException">No such tensor, it does not hold integers, a U64 number is too large, or the file has become shorter.</exception>
    public long[] ReadInt64(string name)
    {
        SafetensorsTensor tensor = Find(name);
        return tensor.Dtype switch
        {
            SafetensorsDtype.Bool => Read(tensor, bytes => bytes[0] == 0 ? 0L : 1L),
            SafetensorsDtype.UInt8 => Read(tensor, bytes => (long)bytes[0]),
            SafetensorsDtype.Int8 => Read(tensor, bytes => (long)(sbyte)bytes[0]),
            SafetensorsDtype.UInt16 => Read(tensor, bytes => (long)BinaryPrimitives.ReadUInt16LittleEndian(bytes)),
            SafetensorsDtype.Int16 => Read(tensor, bytes => (long)BinaryPrimitives.ReadInt16LittleEndian(bytes)),
            SafetensorsDtype.UInt32 => Read(tensor, bytes => (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes)),
            SafetensorsDtype.Int32 => Read(tensor, bytes => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes)),
            SafetensorsDtype.Int64 => Read(tensor, BinaryPrimitives.ReadInt64LittleEndian),
            SafetensorsDtype.UInt64 => Read(tensor, bytes => Narrow(tensor, BinaryPrimitives.ReadUInt64LittleEndian(bytes))),
            _ => throw Wrong(tensor, "an integer type or BOOL"),
        };
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();

    internal SafetensorsException Fault(string message) => new($"{Path}: {message}");

    private static long FileLength(SafeFileHandle handle, string path)
    {
        try
        {
            return RandomAccess.GetLength(handle);
        }
        catch (NotSupportedException exception)
        {
            throw new SafetensorsException($"{path}: not a regular file", exception);
        }
    }

    private static long HeaderLength(SafeFileHandle handle, string path, long length)
    {
        if (length < PrefixLength)
        {
            throw new SafetensorsException(string.Create(CultureInfo.InvariantCulture, $"{path}: {length} bytes are too short for a safetensors file, which starts with {PrefixLength} bytes of header length"));
        }

        Span<byte> prefix = stackalloc byte[PrefixLength];
        Fill(handle, prefix, 0, path);
        ulong claimed = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (claimed is < 2 or > MaxHeaderLength || claimed > (ulong)(length - PrefixLength))
        {
            throw new SafetensorsException(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: the header claims {claimed} bytes; expected 2 to {Math.Min(MaxHeaderLength, length - PrefixLength)} (the file has {length} bytes, a header at most {MaxHeaderLength})"));
        }

        return (long)claimed;
    }

    private static void Fill(SafeFileHandle handle, Span<byte> buffer, long position, string path)
    {
        while (buffer.Length > 0)
        {
            int read = RandomAccess.Read(handle, buffer, position);
            if (read == 0)
            {
                throw new SafetensorsException(string.Create(CultureInfo.InvariantCulture, $"{path}: the file ends at byte {position}, {buffer.Length} bytes early; was it changed while open?"));
            }

            buffer = buffer[read..];
            position += read;
        }
    }

    private TItem[] Read<TItem>(SafetensorsTensor tensor, Func<ReadOnlySpan<byte>, TItem> decode)
    {
        if (tensor.Count > Array.MaxLength)
        {
            throw Fault(string.Create(CultureInfo.InvariantCulture, $"tensor {SafetensorsText.Quote(tensor.Name)} has {tensor.Count} elements; one array holds at most {Array.MaxLength}"));
        }

        int size = SafetensorsDtypes.SizeOf(tensor.Dtype);
        var values = new TItem[tensor.Count];
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkLength);
        try
        {
            int done = 0;
            while (done < values.Length)
            {
                int count = Math.Min(ChunkLength / size, values.Length - done);
                Span<byte> bytes = chunk.AsSpan(0, count * size);
                Fill(_handle, bytes, _dataStart + tensor.Begin + ((long)done * size), Path);
                for (int i = 0; i < count; i++)
                {
                    values[done + i] = decode(bytes.Slice(i * size, size));
                }

                done += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return values;
    }

    private SafetensorsTensor Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Tensors.TryGetValue(name, out SafetensorsTensor? tensor) ? tensor : throw Fault($"there is no tensor {SafetensorsText.Quote(name)}");
    }

    private SafetensorsException Wrong(SafetensorsTensor tensor, string expected) =>
        Fault($"tensor {SafetensorsText.Quote(tensor.Name)}: expected {expected}, got {SafetensorsDtypes.NameOf(tensor.Dtype)}");

    private long Narrow(SafetensorsTensor tensor, ulong value) => value <= long.MaxValue
        ? (long)value
        : throw Fault(string.Create(CultureInfo.InvariantCulture, $"tensor {SafetensorsText.Quote(tensor.Name)} holds {value}, which exceeds {long.MaxValue}"));
}

using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>The JSON header of a safetensors file, read strictly: what it describes covers the data without holes, overlaps or remains.</summary>
internal sealed class SafetensorsHeader
{
    private const string MetadataKey = "__metadata__";

    // { "name": { "shape": [ is three levels; one more is already not the format.
    private const int MaxDepth = 4;

    private SafetensorsHeader(OrderedDictionary<string, SafetensorsTensor> tensors, Dictionary<string, string> metadata)
    {
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>Tensors in the order of the header.</summary>
    public OrderedDictionary<string, SafetensorsTensor> Tensors { get; }

    public Dictionary<string, string> Metadata { get; }

    /// <summary>Reads and checks a header.</summary>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataLength">Bytes of the file after the header.</param>
    /// <exception cref="SafetensorsException">The header breaks the format; the message does not name the file yet.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
            SafetensorsHeader header = ReadHeader(ref reader);
            CheckCover(header.Tensors, dataLength);
            return header;
        }
        catch (JsonException exception)
        {
            throw new SafetensorsException($"the header is not the JSON of a safetensors file: {exception.Message}", exception);
        }
        catch (InvalidOperationException exception)
        {
            // How the JSON reader reports invalid UTF-8 and lone surrogates, escaped or not.
            throw new SafetensorsException($"the header holds text that is not valid Unicode: {exception.Message}", exception);
        }
    }

    private static SafetensorsHeader ReadHeader(ref Utf8JsonReader reader)
    {
        var tensors = new OrderedDictionary<string, SafetensorsTensor>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        bool hasMetadata = false;
        Expect(ref reader, JsonTokenType.StartObject, "the header");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = Text(ref reader, "a tensor's name");
            if (name == MetadataKey)
            {
                if (hasMetadata)
                {
                    throw new SafetensorsException($"the header has two entries '{MetadataKey}'");
                }

                hasMetadata = true;
                ReadMetadata(ref reader, metadata);
            }
            else if (!tensors.TryAdd(name, ReadTensor(ref reader, name)))
            {
                throw new SafetensorsException($"the header has two tensors {SafetensorsText.Quote(name)}");
            }
        }

        // Only white space may follow; anything else makes the reader throw.
        reader.Read();
        return new SafetensorsHeader(tensors, metadata);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        Expect(ref reader, JsonTokenType.StartObject, $"'{MetadataKey}'");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = Text(ref reader, "a metadata key");
            Expect(ref reader, JsonTokenType.String, $"metadata {SafetensorsText.Quote(key)}");
            if (!metadata.TryAdd(key, reader.GetString()!))
            {
                throw new SafetensorsException($"the metadata has two entries {SafetensorsText.Quote(key)}");
            }
        }
    }

    private static SafetensorsTensor ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string quoted = SafetensorsText.Quote(name);
        SafetensorsDtype? dtype = null;
        ImmutableArray<long>? shape = null;
        ImmutableArray<long>? offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, $"tensor {quoted}");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = Text(ref reader, $"a key of tensor {quoted}");
            bool repeated;
            switch (key)
            {
                case "dtype":
                    repeated = dtype is not null;
                    dtype = ReadDtype(ref reader, quoted);
                    break;
                case "shape":
                    repeated = shape is not null;
                    shape = ReadSizes(ref reader, quoted, "shape");
                    break;
                case "data_offsets":
                    repeated = offsets is not null;
                    offsets = ReadSizes(ref reader, quoted, "data_offsets");
                    break;
                default:
                    throw new SafetensorsException($"tensor {quoted} has a key {SafetensorsText.Quote(key)}; the format knows dtype, shape and data_offsets");
            }

            if (repeated)
            {
                throw new SafetensorsException($"tensor {quoted} has two keys '{key}'");
            }
        }

        return Tensor(
            name,
            dtype ?? throw Lacks(quoted, "dtype"),
            shape ?? throw Lacks(quoted, "shape"),
            offsets ?? throw Lacks(quoted, "data_offsets"));
    }

    private static SafetensorsTensor Tensor(string name, SafetensorsDtype dtype, ImmutableArray<long> shape, ImmutableArray<long> offsets)
    {
        string quoted = SafetensorsText.Quote(name);
        if (offsets.Length != 2 || offsets[0] > offsets[1])
        {
            throw new SafetensorsException($"tensor {quoted} has data_offsets {Check.Shape(offsets.AsSpan())}; expected [begin, end] with begin <= end");
        }

        int size = SafetensorsDtypes.SizeOf(dtype);
        long count = 1;
        long bytes;
        try
        {
            foreach (long length in shape)
            {
                count = checked(count * length);
            }

            bytes = checked(count * size);
        }
        catch (OverflowException exception)
        {
            throw new SafetensorsException($"tensor {quoted} has shape {Check.Shape(shape.AsSpan())}, whose size overflows", exception);
        }

        if (bytes != offsets[1] - offsets[0])
        {
            throw new SafetensorsException(string.Create(
                CultureInfo.InvariantCulture,
                $"tensor {quoted}: {SafetensorsDtypes.NameOf(dtype)} {Check.Shape(shape.AsSpan())} is {bytes} bytes, but data_offsets {Check.Shape(offsets.AsSpan())} span {offsets[1] - offsets[0]}"));
        }

        return new SafetensorsTensor(name, dtype, shape, count, offsets[0], offsets[1]);
    }

    private static SafetensorsDtype ReadDtype(ref Utf8JsonReader reader, string quoted)
    {
        Expect(ref reader, JsonTokenType.String, $"dtype of tensor {quoted}");
        string text = reader.GetString()!;
        return SafetensorsDtypes.TryParse(text, out SafetensorsDtype dtype)
            ? dtype
            : throw new SafetensorsException($"tensor {quoted} has dtype {SafetensorsText.Quote(text)}; known are {SafetensorsDtypes.Known}");
    }

    private static ImmutableArray<long> ReadSizes(ref Utf8JsonReader reader, string quoted, string key)
    {
        Expect(ref reader, JsonTokenType.StartArray, $"{key} of tensor {quoted}");
        ImmutableArray<long>.Builder sizes = ImmutableArray.CreateBuilder<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long size) || size < 0)
            {
                throw new SafetensorsException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{key} of tensor {quoted}: expected whole numbers from 0 to {long.MaxValue}, got {Shown(ref reader)}"));
            }

            sizes.Add(size);
        }

        return sizes.ToImmutable();
    }

    /// <summary>The data must be the tensors and nothing else, so a byte of the file can mean only one thing.</summary>
    private static void CheckCover(OrderedDictionary<string, SafetensorsTensor> tensors, long dataLength)
    {
        var ordered = new List<SafetensorsTensor>(tensors.Values);
        ordered.Sort((left, right) => left.Begin != right.Begin ? left.Begin.CompareTo(right.Begin) : left.End.CompareTo(right.End));
        long covered = 0;
        string before = "the start of the data";
        foreach (SafetensorsTensor tensor in ordered)
        {
            string quoted = SafetensorsText.Quote(tensor.Name);
            if (tensor.End > dataLength)
            {
                throw new SafetensorsException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"tensor {quoted} spans bytes {tensor.Begin} to {tensor.End}, but the file has {dataLength} bytes of data"));
            }

            if (tensor.Begin != covered)
            {
                string fault = tensor.Begin < covered ? "overlaps" : "leaves a hole after";
                throw new SafetensorsException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"tensor {quoted} spans bytes {tensor.Begin} to {tensor.End} and {fault} {before}, which ends at byte {covered}"));
            }

            covered = tensor.End;
            before = $"tensor {quoted}";
        }

        if (covered != dataLength)
        {
            throw new SafetensorsException(string.Create(
                CultureInfo.InvariantCulture,
                $"the tensors end at byte {covered}, but the file has {dataLength} bytes of data"));
        }
    }

    private static string Text(ref Utf8JsonReader reader, string what)
    {
        string text = reader.GetString()!;
        return text.Contains('\0', StringComparison.Ordinal)
            ? throw new SafetensorsException($"{what} holds a NUL character: {SafetensorsText.Quote(text)}")
            : text;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (!reader.Read())
        {
            throw new SafetensorsException($"{what}: expected {Kind(type)}, but the header ends");
        }

        if (reader.TokenType != type)
        {
            throw new SafetensorsException($"{what}: expected {Kind(type)}, got {Shown(ref reader)}");
        }
    }

    private static string Kind(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        _ => "a string",
    };

    private static string Shown(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => $"the string {SafetensorsText.Quote(reader.GetString()!)}",
        JsonTokenType.Number => SafetensorsText.Quote(System.Text.Encoding.UTF8.GetString(reader.ValueSpan)),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => "null",
    };

    private static SafetensorsException Lacks(string quoted, string key) => new($"tensor {quoted} has no {key}");
}

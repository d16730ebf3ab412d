using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace AttnDsl.Conformance.Tests.Weights;

public class SafetensorsRoundTripTests
{
    private static readonly double[] Values = [0, -0.0, 1, -1.5, Math.PI, 1e-3, 65504, 1e30, -1e-30, double.PositiveInfinity, double.NegativeInfinity, double.NaN, double.Epsilon, 5e-8];

    [Fact]
    public void EveryTypeRoundsToNearest()
    {
        using SafetensorsFile file = Written(
            ("f64", SafetensorsDtype.Float64), ("f32", SafetensorsDtype.Float32), ("f16", SafetensorsDtype.Float16), ("bf16", SafetensorsDtype.BFloat16));
        Assert.Equal(Values, file.ReadDouble("f64"));
        Assert.Equal(Values.Select(v => (double)(float)v), file.ReadDouble("f32"));
        Assert.Equal(Values.Select(v => (double)(Half)v), file.ReadDouble("f16"));
        Assert.Equal(Values.Select(v => (float)v), file.ReadSingle("f64"));
        Assert.Equal(Values.Select(v => (Half)v), file.Read<Half>("f64"));
        double[] brain = file.ReadDouble("bf16");
        Assert.Equal(1.5, -brain[3]);
        Assert.Equal(3.140625, brain[4]);
        Assert.True(double.IsNegative(brain[1]));
        Assert.Equal(double.PositiveInfinity, brain[9]);
        Assert.True(double.IsNaN(brain[11]));
        Assert.Equal(0, brain[12]);
    }

    [Theory]
    [InlineData(1.0, 0x3F80)]
    [InlineData(1.00390625, 0x3F80)] // a tie: to even
    [InlineData(1.01171875, 0x3F82)] // a tie: to even, upwards
    [InlineData(1.0039062500000002, 0x3F81)] // just over a tie, by less than a float can say
    [InlineData(-1.0039062500000002, 0xBF81)]
    [InlineData(1.0117187499999998, 0x3F81)] // just under a tie
    [InlineData(3.4e38, 0x7F80)]
    [InlineData(3.3895313892515355e38, 0x7F7F)] // the largest
    [InlineData(1e300, 0x7F80)]
    [InlineData(-1e300, 0xFF80)]
    [InlineData(9.183549615799121e-41, 0x0001)] // the smallest
    [InlineData(1e-300, 0x0000)]
    public void BFloat16RoundsOnce(double value, int bits)
    {
        Assert.Equal((ushort)bits, BFloat16Bits.FromDouble(value));
    }

    [Fact]
    public void EveryBFloat16SurvivesTheTrip()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            float value = BFloat16Bits.ToSingle((ushort)bits);
            if (!float.IsNaN(value))
            {
                Assert.Equal((ushort)bits, BFloat16Bits.FromDouble(value));
            }
        }
    }

    [Fact]
    public void TensorsLongerThanOneChunk()
    {
        var values = Enumerable.Range(0, 100_003).Select(i => (double)i).ToArray();
        using var temporary = new TemporaryFile();
        new SafetensorsWriter().Add("a", [100_003], values, SafetensorsDtype.Float64).Add("b", [100_003], values, SafetensorsDtype.Float32).Save(temporary.Path);
        using SafetensorsFile file = SafetensorsFile.Open(temporary.Path);
        Assert.Equal(values, file.ReadDouble("a"));
        Assert.Equal(values, file.ReadDouble("b"));
    }

    [Fact]
    public void IntegersOfEveryWidth()
    {
        var data = new List<byte>();
        var header = new StringBuilder("{");
        foreach ((string name, byte[] bytes) in new (string, byte[])[]
        {
            ("BOOL", [0, 1]), ("U8", [0, 255]), ("I8", [0x80, 127]), ("U16", [0xFF, 0xFF, 1, 0]), ("I16", [0xFF, 0xFF, 1, 0]),
            ("U32", [0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0]), ("I32", [0xFE, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0]),
            ("U64", [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]), ("I64", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0, 0, 0, 0, 0]),
        })
        {
            header.Append($"{(data.Count > 0 ? "," : "")}\"{name}\":{{\"dtype\":\"{name}\",\"shape\":[2],\"data_offsets\":[{data.Count},{data.Count + bytes.Length}]}}");
            data.AddRange(bytes);
        }

        byte[] file = RawFile.Of(header.Append('}').ToString(), data.Count);
        data.CopyTo(file, file.Length - data.Count);
        using var temporary = new TemporaryFile(file);
        using SafetensorsFile read = SafetensorsFile.Open(temporary.Path);
        Assert.Equal([0L, 1], read.ReadInt64("BOOL"));
        Assert.Equal([0L, 255], read.ReadInt64("U8"));
        Assert.Equal([-128L, 127], read.ReadInt64("I8"));
        Assert.Equal([65535L, 1], read.ReadInt64("U16"));
        Assert.Equal([-1L, 1], read.ReadInt64("I16"));
        Assert.Equal([4294967295L, 1], read.ReadInt64("U32"));
        Assert.Equal([-2L, 1], read.ReadInt64("I32"));
        Assert.Equal([1L, 2], read.ReadInt64("U64"));
        Assert.Equal([-1L, 2], read.ReadInt64("I64"));
    }

    [Fact]
    public void NumbersOfTheWrongKindAreRefused()
    {
        using var temporary = new TemporaryFile();
        new SafetensorsWriter().AddIntegers("i", [1], [1]).Add("f", [1], new float[1], SafetensorsDtype.Float32).Save(temporary.Path);
        using SafetensorsFile file = SafetensorsFile.Open(temporary.Path);
        Assert.Contains("tensor 'i': expected F64, F32, F16 or BF16, got I64", Assert.Throws<SafetensorsException>(() => file.ReadDouble("i")).Message, StringComparison.Ordinal);
        Assert.Contains("tensor 'f': expected an integer type or BOOL, got F32", Assert.Throws<SafetensorsException>(() => file.ReadInt64("f")).Message, StringComparison.Ordinal);
        Assert.Contains("there is no tensor 'x'", Assert.Throws<SafetensorsException>(() => file.ReadDouble("x")).Message, StringComparison.Ordinal);

        byte[] large = RawFile.Of("{\"u\":{\"dtype\":\"U64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8);
        large.AsSpan(large.Length - 8).Fill(0xFF);
        using var other = new TemporaryFile(large);
        using SafetensorsFile unsigned = SafetensorsFile.Open(other.Path);
        Assert.Contains("18446744073709551615", Assert.Throws<SafetensorsException>(() => unsigned.ReadInt64("u")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DataIsAligned()
    {
        using var temporary = new TemporaryFile();
        new SafetensorsWriter()
            .Add("h", [3], new float[3], SafetensorsDtype.Float16)
            .Add("d", [1], new float[1], SafetensorsDtype.Float64)
            .Add("f", [1], new float[1], SafetensorsDtype.Float32)
            .Save(temporary.Path);
        byte[] bytes = File.ReadAllBytes(temporary.Path);
        Assert.Equal(0UL, BinaryPrimitives.ReadUInt64LittleEndian(bytes) % 8);
        using SafetensorsFile file = SafetensorsFile.Open(temporary.Path);
        Assert.Equal(["d", "f", "h"], file.Tensors.Keys);
        Assert.All(file.Tensors.Values, t => Assert.Equal(0, t.Begin % ((t.End - t.Begin) / t.Count)));
    }

    [Fact]
    public void MetadataAndNamesOfAnyScript()
    {
        using var temporary = new TemporaryFile();
        new SafetensorsWriter().Add("größe \"𝄞\" \\ /", [], [1.0], SafetensorsDtype.Float64).AddMetadata("schlüssel", "wert\n\"𝄞\"\0").Save(temporary.Path);
        using SafetensorsFile file = SafetensorsFile.Open(temporary.Path);
        Assert.Equal(1.0, Assert.Single(file.ReadDouble("größe \"𝄞\" \\ /")));
        Assert.Equal("wert\n\"𝄞\"\0", file.Metadata["schlüssel"]);
    }

    [Fact]
    public void WriterRefusesWhatTheReaderWould()
    {
        var writer = new SafetensorsWriter().Add("a", [1], new double[1], SafetensorsDtype.Float64).AddMetadata("k", "v");
        Assert.Throws<ArgumentException>(() => writer.Add("a", [1], new double[1], SafetensorsDtype.Float64));
        Assert.Throws<ArgumentException>(() => writer.Add("", [1], new double[1], SafetensorsDtype.Float64));
        Assert.Throws<ArgumentException>(() => writer.Add("n\0", [1], new double[1], SafetensorsDtype.Float64));
        Assert.Throws<ArgumentException>(() => writer.Add("n\ud800", [1], new double[1], SafetensorsDtype.Float64));
        Assert.Throws<ArgumentException>(() => writer.Add("__metadata__", [1], new double[1], SafetensorsDtype.Float64));
        Assert.Throws<ArgumentException>(() => writer.Add("b", [1], new double[1], SafetensorsDtype.Int32));
        Assert.Equal("values: expected [2, 3] = 6 elements, got 1 (Parameter 'values')", Assert.Throws<ArgumentException>(() => writer.Add("b", [2, 3], new double[1], SafetensorsDtype.Float64)).Message);
        Assert.Throws<ArgumentException>(() => writer.AddMetadata("k", "w"));
        Assert.Throws<ArgumentException>(() => writer.AddMetadata("l", "\udc00"));
    }

    [Fact]
    public void FailedSaveLeavesNothingBehind()
    {
        string folder = Directory.CreateTempSubdirectory("attndsl").FullName;
        try
        {
            // The target is a folder, so the last step fails.
            string target = Path.Combine(folder, "target");
            Directory.CreateDirectory(target);
            Assert.ThrowsAny<Exception>(() => new SafetensorsWriter().Add("a", [1], new double[1], SafetensorsDtype.Float64).Save(target));
            Assert.Equal([target], Directory.GetFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static SafetensorsFile Written(params (string Name, SafetensorsDtype Dtype)[] tensors)
    {
        using var temporary = new TemporaryFile();
        var writer = new SafetensorsWriter();
        foreach ((string name, SafetensorsDtype dtype) in tensors)
        {
            writer.Add(name, [2, Values.Length / 2], Values, dtype);
        }

        writer.Save(temporary.Path);
        return SafetensorsFile.Open(temporary.Path);
    }
}

using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;

namespace AttnDsl.Conformance.Tests.Weights;

public class SafetensorsHostileFileTests
{
    private const string A = """ "a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]} """;

    [Theory]
    [InlineData("", 0, "2 to 0")]
    [InlineData("[]", 0, "expected an object, got an array")]
    [InlineData("12", 0, "expected an object, got '12'")]
    [InlineData("null", 0, "expected an object, got null")]
    [InlineData("hello, world", 0, "not the JSON")]
    [InlineData("{\"a\":", 0, "not the JSON")]
    [InlineData("{} {}", 0, "not the JSON")]
    [InlineData("{} x", 0, "not the JSON")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},}", 8, "not the JSON")]
    [InlineData("{\"a\":3}", 0, "tensor 'a': expected an object, got '3'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[[2]],\"data_offsets\":[0,8]}}", 8, "shape of tensor 'a': expected whole numbers from 0 to 9223372036854775807, got an array")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[[[2]]],\"data_offsets\":[0,8]}}", 8, "shape of tensor 'a'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":{\"y\":{\"z\":{}}}}}", 8, "a key 'x'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"shape\":[2]}}", 8, "tensor 'a' has two keys 'shape'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "two keys 'dtype'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"data_offsets\":[0,8]}}", 8, "two keys 'data_offsets'")]
    [InlineData("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "has no dtype")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "has no shape")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "has no data_offsets")]
    [InlineData("{\"a\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "dtype 'F31'; known are BOOL, U8")]
    [InlineData("{\"a\":{\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "dtype of tensor 'a': expected a string, got '32'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8, "expected an array, got '2'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "got '-2'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8, "got '2.0'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2e0],\"data_offsets\":[0,8]}}", 8, "got '2e0'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}", 8, "got the string '2'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551615],\"data_offsets\":[0,8]}}", 8, "got '18446744073709551615'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "size overflows")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0, "size overflows")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "tensor 'a': F32 [3] is 12 bytes, but data_offsets [0, 8] span 8")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "data_offsets [8, 0]")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", 8, "data_offsets of tensor 'a'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "data_offsets [0]")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", 8, "data_offsets [0, 8, 8]")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7, "tensor 'a' spans bytes 0 to 8, but the file has 7 bytes of data")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9, "the tensors end at byte 8, but the file has 9 bytes of data")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775799,9223372036854775807]}}", 8, "but the file has 8 bytes")]
    [InlineData("{}", 1, "the tensors end at byte 0, but the file has 1 bytes of data")]
    [InlineData("{\"__metadata__\":{\"a\":1}}", 0, "metadata 'a': expected a string, got '1'")]
    [InlineData("{\"__metadata__\":null}", 0, "'__metadata__': expected an object, got null")]
    [InlineData("{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}", 0, "two entries 'a'")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "two entries '__metadata__'")]
    [InlineData("{\"a\\u0000\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "NUL character: 'a\\u0000'")]
    [InlineData("{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "not valid Unicode")]
    [InlineData("{\"__metadata__\":{\"a\":\"\\udc00\"}}", 0, "not valid Unicode")]
    public void Refused(string header, int dataLength, string expected)
    {
        Assert.Contains(expected, Refusal(RawFile.Of(header, dataLength)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{" + A + "," + A + "}", 8, "two tensors 'a'")]
    [InlineData("{" + A + ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "tensor 'b' spans bytes 4 to 8 and overlaps tensor 'a', which ends at byte 8")]
    [InlineData("{" + A + ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "overlaps")]
    [InlineData("{" + A + ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}", 16, "tensor 'b' spans bytes 12 to 16 and leaves a hole after tensor 'a', which ends at byte 8")]
    [InlineData("{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "leaves a hole after the start of the data")]
    [InlineData("{" + A + ",\"b\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]}}", 8, "overlaps")]
    public void DataMustBeCoveredOnce(string header, int dataLength, string expected)
    {
        Assert.Contains(expected, Refusal(RawFile.Of(header, dataLength)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public void TooShortForAHeaderLength(int length)
    {
        Assert.Contains($"{length} bytes are too short", Refusal(new byte[length]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(3UL)]
    [InlineData(100_000_001UL)]
    [InlineData(0x7FFFFFFFUL)]
    [InlineData(long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public void HeaderLengthIsNotBelieved(ulong claimed)
    {
        byte[] file = RawFile.WithLength(claimed, "{}"u8.ToArray(), 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Refusal(file);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"the header claims {claimed} bytes; expected 2 to 2"), message, StringComparison.Ordinal);
    }

    [Fact]
    public void ShapeIsNotBelieved()
    {
        byte[] file = RawFile.Of("{\"a\":{\"dtype\":\"F64\",\"shape\":[2000000000],\"data_offsets\":[0,16000000000]}}", 8);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("the file has 8 bytes of data", Refusal(file), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void DeepNesting()
    {
        Refusal(RawFile.Of(string.Concat(Enumerable.Repeat("{\"a\":", 100_000)), 0));
        Refusal(RawFile.Of(new string('[', 100_000), 0));
    }

    [Fact]
    public void InvalidUtf8()
    {
        byte[] header = [.. "{\""u8, 0xFF, 0xFE, .. "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"u8];
        Refusal(RawFile.Of(header, 8));
    }

    [Fact]
    public void HostileNamesAreCutAndEscapedInMessages()
    {
        string message = Refusal(RawFile.Of("{\"\\u001b[2J" + new string('n', 100_000) + "\":3}", 0));
        Assert.DoesNotContain('\u001b', message);
        Assert.Contains("\\u001b[2Jnnn", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 0, 1000);
    }

    [Fact]
    public void HostileShapesAreCutInMessages()
    {
        string ones = string.Join(",", Enumerable.Repeat("1", 100_000));
        string message = Refusal(RawFile.Of($"{{\"a\":{{\"dtype\":\"F32\",\"shape\":[{ones}],\"data_offsets\":[0,8]}}}}", 8));
        Assert.Contains("1, … 100000 sizes] is 4 bytes", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 0, 1000);
    }

    [Fact]
    public void MessageNamesTheFileOnce()
    {
        using var file = new TemporaryFile(RawFile.Of("[]", 0));
        string message = Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(file.Path)).Message;
        Assert.Equal(0, message.IndexOf(file.Path, StringComparison.Ordinal));
        Assert.Equal(0, message.LastIndexOf(file.Path, StringComparison.Ordinal));
    }

    [Fact]
    public void MissingFile()
    {
        Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(Path.Combine(Path.GetTempPath(), "attndsl-no-such-file")));
    }

    [Fact]
    public void FileThatShrinksWhileOpen()
    {
        using var temporary = new TemporaryFile(RawFile.Of("{" + A + "}", 8));
        using SafetensorsFile file = SafetensorsFile.Open(temporary.Path);
        using (var stream = new FileStream(temporary.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(stream.Length - 3);
        }

        Assert.Contains("3 bytes early", Assert.Throws<SafetensorsException>(() => file.ReadSingle("a")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsLegalThoughOdd()
    {
        // Header order is not data order, a scalar, an empty tensor between others, trailing spaces, no tensors.
        const string header = """
            {"b":{"data_offsets":[8,12],"shape":[],"dtype":"F32"},"__metadata__":{"k":"v"},"empty":{"dtype":"F64","shape":[3,0],"data_offsets":[8,8]},"a":{"dtype":"I32","shape":[2,1],"data_offsets":[0,8]}}
            """;
        using var temporary = new TemporaryFile(RawFile.Of(header + "    ", 12));
        using SafetensorsFile file = SafetensorsFile.Open(temporary.Path);
        Assert.Equal(["b", "empty", "a"], file.Tensors.Keys);
        Assert.Equal("v", file.Metadata["k"]);
        Assert.Empty(file.ReadDouble("empty"));
        Assert.Single(file.ReadSingle("b"));
        Assert.Equal([0x03020100L, 0x07060504L], file.ReadInt64("a"));

        using var nothing = new TemporaryFile(RawFile.Of("{}", 0));
        using SafetensorsFile none = SafetensorsFile.Open(nothing.Path);
        Assert.Empty(none.Tensors);
    }

    [Fact]
    public void DamagedFilesNeverDoAnythingElse()
    {
        byte[] valid = Valid();
        var random = new Random(20240229);
        int refused = 0;
        using var temporary = new TemporaryFile();
        for (int trial = 0; trial < 4000; trial++)
        {
            byte[] damaged = (byte[])valid.Clone();
            if (trial % 4 == 0)
            {
                damaged = damaged[..random.Next(valid.Length)];
            }

            // Mostly in the header, where the structure is.
            int flips = trial % 4 == 0 ? 0 : random.Next(1, 4);
            for (int i = 0; i < flips; i++)
            {
                int at = random.Next(random.Next(5) == 0 ? 16 : Math.Min(damaged.Length, 700));
                damaged[at] = random.Next(3) switch
                {
                    0 => (byte)(damaged[at] ^ (1 << random.Next(8))),
                    1 => (byte)random.Next(256),
                    _ => (byte)"\"\\{}[]:,0123456789-+.eE"[random.Next(23)],
                };
            }

            File.WriteAllBytes(temporary.Path, damaged);
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(temporary.Path);
                foreach (SafetensorsTensor tensor in file.Tensors.Values)
                {
                    Touch(file, tensor);
                }
            }
            catch (SafetensorsException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 2000, 4000);
    }

    private static void Touch(SafetensorsFile file, SafetensorsTensor tensor)
    {
        try
        {
            file.ReadDouble(tensor.Name);
        }
        catch (SafetensorsException)
        {
            try
            {
                file.ReadInt64(tensor.Name);
            }
            catch (SafetensorsException)
            {
                // A type that is neither.
            }
        }
    }

    private static byte[] Valid()
    {
        using var temporary = new TemporaryFile();
        new SafetensorsWriter()
            .Add("q_proj.weight", [4, 3], new double[12], SafetensorsDtype.Float64)
            .Add("k_proj.weight", [2, 3], new float[6], SafetensorsDtype.BFloat16)
            .Add("v_proj.weight", [2, 3], new float[6], SafetensorsDtype.Float16)
            .Add("sinks", [4], new float[4], SafetensorsDtype.Float32)
            .AddIntegers("ids", [2, 2], [1, 2, 3, 4])
            .AddMetadata("format", "pt")
            .AddMetadata("name", "ß 𝄞")
            .Save(temporary.Path);
        return File.ReadAllBytes(temporary.Path);
    }

    private static string Refusal(byte[] content)
    {
        using var file = new TemporaryFile(content);
        return Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(file.Path).Dispose()).Message;
    }
}

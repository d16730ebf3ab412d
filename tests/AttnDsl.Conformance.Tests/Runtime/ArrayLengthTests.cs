using System;

using AttnDsl.Runtime;

namespace AttnDsl.Conformance.Tests.Runtime;

public class ArrayLengthTests
{
    [Fact]
    public void Products()
    {
        Assert.Equal(1536, ArrayLength.Of("x", 2, 16, 48));
        Assert.Equal(1, ArrayLength.Of("x"));
        Assert.Equal(0, ArrayLength.Of("x", long.MaxValue, 0, long.MaxValue));
        Assert.Equal(Array.MaxLength, ArrayLength.Of("x", Array.MaxLength, 1));
    }

    [Theory]
    [InlineData(65536L, 65536L, "[65536, 65536]")]
    [InlineData(long.MaxValue, long.MaxValue, "[9223372036854775807, 9223372036854775807]")]
    [InlineData(2147483592L, 1L, "[2147483592, 1]")]
    public void TooLong(long first, long second, string shape)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => ArrayLength.Of("scores", first, second));
        Assert.Equal("scores", exception.ParamName);
        Assert.StartsWith($"scores: {shape} elements do not fit in one array", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Negative()
    {
        Assert.Contains("[0, -1]", Assert.Throws<ArgumentException>(() => ArrayLength.Of("x", 0, -1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths()
    {
        Check.Length("x", 1536, 2, 16, 48);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => Check.Length("x", 100, 2, 16, 48));
        Assert.Equal("x", exception.ParamName);
        Assert.StartsWith("x: expected [2, 16, 48] = 1536 elements, got 100", exception.Message, StringComparison.Ordinal);
    }
}

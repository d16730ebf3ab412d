using System.Linq;
using AttnDsl.Compiler.Rules;
using Xunit;

namespace AttnDsl.Compiler.Tests.Rules;

public sealed class NearestTests
{
    [Theory]
    [InlineData(32, 5, new long[] { 4, 8 })]
    [InlineData(7, 3, new long[] { 1, 7 })]
    [InlineData(8, 16, new long[] { 8 })]
    [InlineData(8, -3, new long[] { 1 })]
    [InlineData(0, 3, new long[0])]
    [InlineData(-8, 3, new long[0])]
    [InlineData(int.MaxValue, 2, new long[] { 1, int.MaxValue })]
    [InlineData(long.MaxValue, 2, new long[0])]
    public void Divisors_surround_the_value(long number, long value, long[] expected) =>
        Assert.Equal(expected, Nearest.Divisors(number, value));

    [Fact]
    public void Divisors_agree_with_a_plain_search()
    {
        for (long number = 1; number <= 120; number++)
        {
            for (long value = 1; value <= 130; value++)
            {
                long[] all = [.. Enumerable.Range(1, (int)number).Select(divisor => (long)divisor).Where(divisor => number % divisor == 0)];
                long[] expected = [.. all.Where(divisor => divisor < value).TakeLast(1), .. all.Where(divisor => divisor > value).Take(1)];
                Assert.Equal(expected, Nearest.Divisors(number, value));
            }
        }
    }

    [Theory]
    [InlineData(3, 8, 100, new long[] { 6, 9 })]
    [InlineData(3, 8, 8, new long[] { 6 })]
    [InlineData(3, 1, 8, new long[] { 3 })]
    [InlineData(2, long.MaxValue, long.MaxValue, new long[] { long.MaxValue - 1 })]
    public void Multiples_stay_below_the_limit(long unit, long value, long most, long[] expected) =>
        Assert.Equal(expected, Nearest.Multiples(unit, value, most));

    [Theory]
    [InlineData(8, 4, new long[] { 4 })]
    [InlineData(6, 4, new long[] { 6 })]
    [InlineData(3, 4, new long[0])]
    public void The_least_divisor_from_a_bound(long number, long least, long[] expected) =>
        Assert.Equal(expected, Nearest.DivisorAtLeast(number, least));

    [Theory]
    [InlineData(new long[0], "there is no legal value")]
    [InlineData(new long[] { 4 }, "the nearest legal value is 4")]
    [InlineData(new long[] { 4, 8 }, "the nearest legal values are 4 and 8")]
    public void Sentences_read_naturally(long[] legal, string expected) => Assert.Equal(expected, Nearest.Sentence(legal));
}

using System;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Runtime;

public class TokenRowsTests
{
    [Fact]
    public void Uniform()
    {
        TokenRows rows = TokenRows.Uniform(2, 5);
        Assert.Equal((2, 5, 5, false), (rows.Batch, rows.Tokens, rows.Keys, rows.IsRagged));
        Assert.Equal((5, 5, 0), (rows.Count(1), rows.KeyCount(1), rows.Past(1)));
        Assert.Equal(4, rows.Position(1, 4));
        Assert.Equal((0, 0), (rows.QuerySegment(1, 4), rows.KeySegment(1, 4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenRows.Uniform(0, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenRows.Uniform(2, 0));
    }

    [Fact]
    public void Ragged()
    {
        TokenRows rows = TokenRows.Ragged([3, 0], 4, positions: [7, 8, 9, -1, 0, 0, 0, 0], segments: [1, 1, 2, 0, 0, 0, 0, 0]);
        Assert.True(rows.IsRagged);
        Assert.Equal([3, 0], Enumerable.Range(0, 2).Select(rows.Count));
        Assert.Equal([3, 0], Enumerable.Range(0, 2).Select(rows.KeyCount));
        Assert.Equal((9, 2, 2), (rows.Position(0, 2), rows.QuerySegment(0, 2), rows.KeySegment(0, 2)));
        Assert.False(TokenRows.Ragged([4, 4], 4).IsRagged);
        Assert.True(TokenRows.Ragged([4, 4], 4, segments: new int[8]).IsRagged);
        Assert.True(TokenRows.Ragged([4, 4], 4, positions: new int[8]).IsRagged);
    }

    [Fact]
    public void RaggedDoesNotKeepTheCallersArrays()
    {
        int[] lengths = [2];
        int[] positions = [5, 6];
        int[] segments = [1, 1];
        TokenRows rows = TokenRows.Ragged(lengths, 2, positions, segments);
        lengths[0] = positions[1] = segments[1] = 0;
        Assert.Equal((2, 6, 1, 1), (rows.Count(0), rows.Position(0, 1), rows.QuerySegment(0, 1), rows.KeySegment(0, 1)));
    }

    [Fact]
    public void RaggedRefusesWhatDoesNotFit()
    {
        Assert.Contains("row 1 must have 0 to 4 tokens, got 5", Assert.Throws<ArgumentOutOfRangeException>(() => TokenRows.Ragged([4, 5], 4)).Message, StringComparison.Ordinal);
        Assert.Contains("got -1", Assert.Throws<ArgumentOutOfRangeException>(() => TokenRows.Ragged([-1], 4)).Message, StringComparison.Ordinal);
        Assert.Contains("at least one row", Assert.Throws<ArgumentException>(() => TokenRows.Ragged([], 4)).Message, StringComparison.Ordinal);
        Assert.Contains("positions: expected [2, 4] = 8 elements, got 4", Assert.Throws<ArgumentException>(() => TokenRows.Ragged([4, 4], 4, new int[4])).Message, StringComparison.Ordinal);
        Assert.Contains("segments: expected [2, 4] = 8 elements, got 9", Assert.Throws<ArgumentException>(() => TokenRows.Ragged([4, 4], 4, segments: new int[9])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenRows.Ragged([0], 0));
    }

    [Theory]
    [InlineData(3, 8, CausalAlign.BottomRight, 5)]
    [InlineData(8, 3, CausalAlign.BottomRight, -5)]
    [InlineData(3, 8, CausalAlign.TopLeft, 0)]
    [InlineData(8, 3, CausalAlign.TopLeft, 0)]
    public void Core(int queries, int keys, CausalAlign align, int past)
    {
        TokenRows rows = TokenRows.Core(2, queries, keys, align);
        Assert.Equal((queries, keys, past), (rows.Tokens, rows.Keys, rows.Past(1)));
        Assert.Equal((queries, keys), (rows.Count(1), rows.KeyCount(1)));
        Assert.Equal(past + 1, rows.Position(1, 1));
        Assert.False(rows.IsRagged);
    }

    [Fact]
    public void CoreRefusesWhatDoesNotFit()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenRows.Core(0, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenRows.Core(1, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenRows.Core(1, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenRows.Core(1, 1, 1, (CausalAlign)2));
    }

    [Fact]
    public void IndicesAreChecked()
    {
        TokenRows rows = TokenRows.Core(2, 3, 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Count(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.KeyCount(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Past(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Position(0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.QuerySegment(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.KeySegment(0, 5));
    }
}

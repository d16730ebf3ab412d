using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Decode;

/// <summary>Lengths around every border of blocks and pieces, widths of all kinds, heads in all groupings.</summary>
public class DecodeShapeTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 17)]
    [InlineData(1, 63)]
    [InlineData(1, 64)]
    [InlineData(1, 65)]
    [InlineData(1, 300)]
    [InlineData(1, 2900)]
    [InlineData(2, 129)]
    [InlineData(3, 5)]
    [InlineData(5, 3)]
    [InlineData(8, 8)]
    [InlineData(8, 1000)]
    [InlineData(70, 70)]
    public void Lengths(int queries, int keys) => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(2, queries, keys), 4, 2, 24, 20));
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path);
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(8, 31)]
    [InlineData(40, 3)]
    [InlineData(16, 8)]
    [InlineData(59, 59)]
    [InlineData(64, 128)]
    [InlineData(80, 80)]
    [InlineData(111, 72)]
    [InlineData(192, 128)]
    [InlineData(256, 256)]
    [InlineData(576, 512)]
    public void Widths(int keyWidth, int valueWidth) => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, 2, 131), 6, 2, keyWidth, valueWidth));
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path);
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 4)]
    [InlineData(5, 1)]
    [InlineData(6, 3)]
    [InlineData(7, 7)]
    [InlineData(12, 4)]
    [InlineData(16, 1)]
    [InlineData(17, 1)]
    public void Groups(int heads, int kv) => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, 1, 333), heads, kv, 32, 48));
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path);
    });

    [Fact]
    public void HeadMaps() => Paths.OnEach(path =>
    {
        // Fewer query heads than keys; keys and values shared in different ways; a stored head that nobody reads.
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(
            TokenRows.Core(2, 3, 70), HeadMap.Tiled(2, 6), HeadMap.Grouped(3, 6), HeadMap.Table(4, [0, 2, 2, 2, 0, 3]), 16, 24));
        DecodeCase.Check(attention, default(IdentityScore), Masks.Everything, path);
    });
}

using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Backward;

/// <summary>Lengths around every tile border, widths of all kinds and head maps, causal and not.</summary>
public class GradientShapeTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 17)]
    [InlineData(2, 2)]
    [InlineData(3, 5)]
    [InlineData(5, 3)]
    [InlineData(15, 15)]
    [InlineData(16, 16)]
    [InlineData(17, 17)]
    [InlineData(31, 33)]
    [InlineData(47, 49)]
    [InlineData(48, 48)]
    [InlineData(63, 64)]
    [InlineData(65, 65)]
    [InlineData(95, 97)]
    [InlineData(97, 128)]
    [InlineData(113, 203)]
    [InlineData(129, 127)]
    [InlineData(200, 257)]
    [InlineData(257, 200)]
    [InlineData(64, 32)]
    public void Lengths(int queries, int keys) => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(2, queries, keys), 4, 2, 24, 20));
        gradient.Check(default(IdentityScore), Masks.Everything, path + ", everything");
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(default(IdentityScore), Masks.Causal, path + ", causal");
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 31)]
    [InlineData(16, 16)]
    [InlineData(32, 24)]
    [InlineData(40, 3)]
    [InlineData(59, 59)]
    [InlineData(64, 128)]
    [InlineData(80, 80)]
    [InlineData(111, 72)]
    [InlineData(112, 160)]
    [InlineData(192, 128)]
    [InlineData(256, 224)]
    [InlineData(576, 512)]
    public void Widths(int keyWidth, int valueWidth) => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(1, 29, 37), 2, 1, keyWidth, valueWidth));
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(default(IdentityScore), Masks.Causal, path);
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(5, 5)]
    [InlineData(6, 3)]
    [InlineData(7, 7)]
    [InlineData(8, 2)]
    [InlineData(16, 1)]
    [InlineData(16, 4)]
    public void Heads(int heads, int kv) => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Uniform(2, 60), heads, kv, 16, 12));
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(default(IdentityScore), Masks.Causal, path);
    });

    [Fact]
    public void SharedQueryHeads() => Paths.OnEach(path =>
    {
        // More key heads than query heads: the query heads repeat, one after the other.
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Uniform(2, 75), HeadMap.Tiled(2, 6), HeadMap.Grouped(6, 6), HeadMap.Grouped(6, 6), 16, 24));
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(default(IdentityScore), Masks.Causal, path);
    });

    [Fact]
    public void MapsOfAllKinds() => Paths.OnEach(path =>
    {
        // Value heads grouped otherwise than key heads, a query head and a key head that nobody reads.
        AttentionCase attention = AttentionCase.Create(
            TokenRows.Core(2, 50, 110),
            HeadMap.Table(4, [3, 0, 1, 0, 3, 1]),
            HeadMap.Table(4, [2, 0, 2, 1, 0, 0]),
            HeadMap.Tiled(3, 6),
            20,
            16);
        var gradient = new GradientCase(attention);
        gradient.Check(default(IdentityScore), Masks.Everything, path);
    });

    [Fact]
    public void Long() => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(1, 640, 700), 1, 1, 64, 32));
        gradient.Check(default(IdentityScore), Masks.Everything, path + ", everything");
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(default(IdentityScore), Masks.Causal, path + ", causal");
    });

    [Fact]
    public void TopLeft() => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(1, 170, 150, CausalAlign.TopLeft), 3, 3, 16, 16));
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(default(IdentityScore), Masks.Causal, path);
    });
}

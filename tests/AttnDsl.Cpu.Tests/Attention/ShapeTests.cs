using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Attention;

/// <summary>Lengths around every tile border and widths of all kinds, causal and not.</summary>
public class ShapeTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 17)]
    [InlineData(3, 5)]
    [InlineData(5, 3)]
    [InlineData(15, 15)]
    [InlineData(16, 16)]
    [InlineData(31, 33)]
    [InlineData(47, 49)]
    [InlineData(48, 48)]
    [InlineData(63, 64)]
    [InlineData(65, 65)]
    [InlineData(97, 128)]
    [InlineData(113, 203)]
    [InlineData(129, 127)]
    [InlineData(200, 257)]
    [InlineData(64, 32)]
    public void Lengths(int queries, int keys) => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, queries, keys), 4, 2, 24, 20);
        attention.Check(default(IdentityScore), Masks.Everything, path + ", everything");
        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Causal, path + ", causal");
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 31)]
    [InlineData(40, 3)]
    [InlineData(59, 59)]
    [InlineData(64, 128)]
    [InlineData(111, 72)]
    [InlineData(192, 128)]
    [InlineData(256, 256)]
    [InlineData(576, 512)]
    public void Widths(int keyWidth, int valueWidth) => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 29, 37), 2, 1, keyWidth, valueWidth);
        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Causal, path);
    });

    [Fact]
    public void TopLeft() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 70, 50, CausalAlign.TopLeft), 3, 3, 16, 16);
        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Causal, path);
    });
}

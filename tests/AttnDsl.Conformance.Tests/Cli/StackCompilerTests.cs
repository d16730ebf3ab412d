using System;
using System.Linq;
using System.Runtime.CompilerServices;
using AttnDsl.Cli.Layers;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>Stacks as text: what is compiled, what is refused in whose words, and what never reaches the compiler.</summary>
public sealed class StackCompilerTests
{
    [Theory]
    [InlineData("")]
    [InlineData("   \n ")]
    [InlineData("// nothing")]
    [InlineData("Attention(dim: 48, heads: 6)")]
    [InlineData("[Attention(dim: 48, heads: 6)] public class X { } [Causal]")]
    [InlineData("[Attention(dim: 48, heads: 6)] public class X;\n[Causal]")]
    [InlineData("[Attention(dim: 48, heads: 6)] class X { static X() { System.Environment.Exit(3); } } [Causal]")]
    [InlineData("[Attention(dim: 48, heads: 6)] public")]
    [InlineData("[Attention(dim: 48, heads: 6)] static")]
    [InlineData("[Attention(dim: 48, heads: 6)] ;")]
    [InlineData("[Attention(dim: 48, heads: 6)] }")]
    [InlineData("[Attention(dim: 48, heads: 6)] } namespace X {")]
    [InlineData("[Attention(dim: 48, heads: 6)] namespace X;")]
    [InlineData("using System; [Attention(dim: 48, heads: 6)]")]
    [InlineData("extern alias X; [Attention(dim: 48, heads: 6)]")]
    [InlineData("#if X\n[Attention(dim: 48, heads: 6)]\n#endif")]
    [InlineData("#nullable disable\n[Attention(dim: 48, heads: 6)]")]
    [InlineData("[Attention(dim: 48, heads: 6)]\n#define X")]
    [InlineData("[assembly: System.Reflection.AssemblyTitle(\"x\")]")]
    [InlineData("[method: Attention(dim: 48, heads: 6)]")]
    [InlineData("[Attention(dim: 48, heads: 6)] /*")]
    [InlineData("[Attention(dim: 48, heads: 6)] \"")]
    public void TextThatIsMoreThanAttributesIsNotCompiled(string text)
    {
        StackResult result = StackCompiler.Compile(text);
        Assert.True(result.IsRefused);
        Assert.Contains(result.Diagnostics, d => d.Id == StackDiagnostic.NotAStack && d.Severity == StackSeverity.Error);
        Assert.All(result.Diagnostics, d => Assert.NotEmpty(d.Format(text)));
    }

    [Theory]
    [InlineData("[Attention(dim: 48 heads: 6)]", "CS1003", "heads")]
    [InlineData("[Attention(dim: 48, heads: 6) [Causal]", "CS1003", "[")]
    [InlineData("[assembly: System.Reflection.AssemblyTitle(\"x\")] [Attention(dim: 48, heads: 6)]", "CS1730", "assembly")]
    [InlineData("[Attention(dim: 48, heads: \"6\")]", "CS1503", "\"6\"")]
    [InlineData("[Attention(dim: 48, heads: 6)] [Causual]", "CS0246", "Causual")]
    [InlineData("[Attention(dim: 48, heads: 6)] [Attention(dim: 48, heads: 6)]", "CS0579", "Attention")]
    [InlineData("[Attention(dim: 48, heads: 6)] [Causal]\n[GroupedQuery(kv: 4)]", "ATTN", "kv: 4")]
    public void TheCompilersWordsPointIntoTheStack(string text, string id, string quote)
    {
        StackResult result = StackCompiler.Compile(text);
        Assert.True(result.IsRefused);
        Assert.Contains(
            result.Diagnostics,
            d => d.Id.StartsWith(id, StringComparison.Ordinal) && d.Severity == StackSeverity.Error && d.Quote(text) == quote);
    }

    [Fact]
    public void LinesAreCountedInTheStack()
    {
        StackDiagnostic diagnostic = new("ATTN0001", StackSeverity.Warning, "odd", 9, 3);
        Assert.Equal("stack(2,3): warning ATTN0001: odd\n  \tb[c]d\n  \t ^~~", diagnostic.Format("a: [x]\n\tb[c]d\ne"));
    }

    [Fact]
    public void CommentsAndLineBreaksAreFine()
    {
        StackResult result = StackCompiler.Compile("/* a layer */ [Attention(dim: 48, heads: 6)]\r\n[type: Causal] // to the end");
        Assert.False(result.IsRefused, string.Join('\n', result.Diagnostics));
    }

    [Fact]
    public void ManyStacksAtOnceStandForThemselves()
    {
        string[] stacks =
        [
            "[Attention(dim: 48, heads: 6)] [Causal]",
            "[Attention(dim: 48, heads: 6)] [GroupedQuery(kv: 4)]",
            "] public class X {",
            "[Attention(dim: 32, heads: 4)]",
            "[Attention(dim: 48, heads: 6)] [Causal]",
        ];
        var results = StackCompiler.CompileMany(stacks);
        Assert.Equal(stacks, results.Select(r => r.Text));
        Assert.Equal([false, true, true, false, false], results.Select(r => r.IsRefused));
        Assert.Equal("kv: 4", Assert.Single(results[1].Diagnostics).Quote(stacks[1]));
        Assert.Equal(48, results[0].Require().Spec.Dim);
        Assert.Equal(32, results[3].Require().Spec.Dim);
        Assert.NotSame(results[0].Require().Type, results[4].Require().Type);
        Assert.IsAssignableFrom<ICachedLayer<double>>(results[0].Require().Reference);
        Assert.False(results[3].Require().HasCache);
    }

    [Fact]
    public void ARefusedStackHasNoLayer()
    {
        StackResult result = StackCompiler.Compile("[Causal]");
        Assert.True(result.IsRefused);
        Assert.Contains("ATTN", Assert.Throws<InvalidOperationException>(() => result.Require()).Message);
    }

    [Fact]
    public void CompiledStacksAreLetGo()
    {
        WeakReference type = CompileAndForget();
        for (int i = 0; i < 10 && type.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(type.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference CompileAndForget() =>
        new(StackCompiler.Compile("[Attention(dim: 48, heads: 6)]").Require().Type);
}

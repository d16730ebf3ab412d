using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>A project under edit: every edit runs the same driver again, as an editor does, and tells why each step ran.</summary>
internal sealed class IncrementalSession : GeneratorHarness
{
    private GeneratorDriver _driver;
    private CSharpCompilation _compilation;

    public IncrementalSession(IEnumerable<SourceFile> files, AttentionGenerator.CompileStep compile)
    {
        _compilation = TestCompilation.Create(files);
        _driver = CreateDriver(compile);
        First = Run();
    }

    /// <summary>The reasons of the first run.</summary>
    public string First { get; }

    /// <summary>Replaces the file of that path.</summary>
    public string Edit(SourceFile file)
    {
        SyntaxTree old = _compilation.SyntaxTrees.Single(tree => tree.FilePath == file.Path);
        _compilation = _compilation.ReplaceSyntaxTree(old, TestCompilation.Parse(file));
        return Run();
    }

    public string Add(SourceFile file)
    {
        _compilation = _compilation.AddSyntaxTrees(TestCompilation.Parse(file));
        return Run();
    }

    public string Remove(string path)
    {
        _compilation = _compilation.RemoveSyntaxTrees(_compilation.SyntaxTrees.Single(tree => tree.FilePath == path));
        return Run();
    }

    /// <summary>Hands the same trees to the compiler in the opposite order.</summary>
    public string Reverse()
    {
        SyntaxTree[] trees = [.. _compilation.SyntaxTrees.Reverse()];
        _compilation = _compilation.RemoveAllSyntaxTrees().AddSyntaxTrees(trees);
        return Run();
    }

    public string Reference(params MetadataReference[] references)
    {
        _compilation = _compilation.AddReferences(references);
        return Run();
    }

    private string Run()
    {
        _driver = _driver.RunGenerators(_compilation);
        return TrackedSteps.Reasons(Checked(_driver));
    }
}

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>One file of the pretended user's project.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    public static implicit operator SourceFile(string text) => new("/project/Source.cs", text);
}

using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>Finds the pretrained model, its tokenizer and its recorded logits: third-party data in the folder <c>shared</c> beside the repository.</summary>
internal static class StoriesData
{
    public const string Model = "models/stories260K.bin";
    public const string Tokenizer = "models/tok512.bin";
    public const string Logits = "goldens/stories260K-logits.safetensors";

    /// <summary>The path of a file, or null when it is absent and may be; see <see cref="Shared.Find"/>.</summary>
    public static string? Find(string name, ITestOutputHelper output) => Shared.Find(name, output);
}

using System.Linq;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>The recording: a greedy story and the logits after each of its tokens.</summary>
/// <param name="Tokens">128 tokens, begin and prompt included.</param>
/// <param name="Logits">[128, vocab], recorded in float32.</param>
internal sealed record GoldenLogits(int[] Tokens, double[] Logits)
{
    public static GoldenLogits Load(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return new GoldenLogits([.. file.ReadInt64("tokens").Select(token => checked((int)token))], file.ReadDouble("logits"));
    }
}

using System.Linq;
using Models;

namespace AttnDsl.Conformance.Tests.Models;

/// <summary>The layers of the sample Models, as published, run.</summary>
public sealed class ModelsTests
{
    public static TheoryData<string> Names => new(Catalogue.Models.Select(model => model.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void TokensAtOnceAndOneByOneGiveTheSame(string name)
    {
        Model model = Catalogue.Models.Single(m => m.Name == name);
        ModelRun run = model.Run(9);
        Assert.True(run.Difference < 1e-5, $"{name}: {run.Difference}");
        Assert.True(run.CacheBytes >= 9 * model.CacheBytesPerToken);
        Assert.True(model.DecodeBytes(1) > 4 * model.Parameters);
    }
}

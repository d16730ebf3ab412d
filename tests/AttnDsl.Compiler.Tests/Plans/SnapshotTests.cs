using System.Linq;
using System.Reflection;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

public sealed class SnapshotTests
{
    [Fact]
    public void EveryAcceptedFileBelongsToATest()
    {
        var tests = typeof(SnapshotTests).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods().Where(m => m.GetCustomAttribute<FactAttribute>() is not null).Select(m => t.Name + "." + m.Name))
            .ToHashSet();
        Assert.All(Snapshot.Accepted, name => Assert.Contains(name, tests));
    }
}

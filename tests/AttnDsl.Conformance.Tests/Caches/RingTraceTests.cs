using System.Linq;
using AttnDsl.Conformance.Tests.Goldens;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Caches;

/// <summary>The recorded history of a ring with sinks: which tokens every append attends to and which stay, exactly.</summary>
[Collection(GoldenTests.Name)]
public sealed class RingTraceTests(ITestOutputHelper output)
{
    private const string Recording = "kv-cache-ring-sinks";
    private const int Longest = 17;

    [Theory]
    [InlineData(RingEviction.TrimAfter, "trim_after")]
    [InlineData(RingEviction.RoomBefore, "room_before")]
    public void Every_append_sees_and_leaves_the_recorded_tokens(RingEviction evict, string policy)
    {
        GoldenSummary.Count(Recording, present: false);
        string? path = Shared.Find($"goldens/{Recording}.safetensors", output);
        GoldenSummary.Count(Recording, path is not null);
        if (path is null)
        {
            return;
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        long[] appends = file.ReadInt64("appends");
        long[][] attended = [.. file.ReadInt64(policy + "_attended").Chunk(Longest)];
        long[][] kept = [.. file.ReadInt64(policy + "_kept").Chunk(8)];

        // A token's one scalar is its number.
        var cache = new KvCache(1, CacheElement.Float32, new CacheRing(Recent: 6, Sinks: 2, evict), new CacheStream("token", 1, 1));
        for (int step = 0; step < appends.Length; step++)
        {
            int count = (int)appends[step];
            int before = cache.Length(0);
            TokenRows rows = cache.Extend(TokenRows.Uniform(1, count));
            cache.Append(0, [.. Enumerable.Range(before, count).Select(token => (float)token)], rows);
            var seen = new float[rows.Keys];
            cache.Read(0, rows, seen);
            Assert.Equal(attended[step].Where(token => token >= 0), seen.Select(token => (long)token));
            Assert.Equal((seen.Length - count, before), (rows.Past(0), rows.Position(0, 0)));
            cache.Commit(rows);
            Assert.Equal(kept[step].Where(token => token >= 0), cache.Read(0).Select(token => (long)token));
        }

        Assert.Equal(appends.Sum(), cache.Length(0));
        Assert.Equal(8, cache.Held(0));
    }
}

using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;

namespace AttnDsl.Compiler.Emit;

/// <summary>A layer's streams as templates read them.</summary>
internal static class CacheStreams
{
    public static TemplateModel[] Models(CacheSchema cache) => cache.Streams
        .Select(s => new TemplateModel { ["name"] = s.Name, ["heads"] = s.Heads, ["width"] = s.Width, ["content"] = s.Content, ["code"] = Declaration(s) })
        .ToArray();

    /// <summary>The layer's constant states as declarations of the runtime, or "" without any.</summary>
    public static string States(CacheSchema cache) => string.Join(
        ", ", cache.States.Select(s => string.Format(CultureInfo.InvariantCulture, "new(\"{0}\", {1}, {2})", s.Name, s.Rows, s.Scalars / s.Rows)));

    /// <summary>How scalars are stored, in words: of all streams, or of each where they differ.</summary>
    /// <param name="cache">The streams.</param>
    /// <param name="single">What single precision is called.</param>
    public static string Elements(CacheSchema cache, string single)
    {
        string Name(CacheScalar element) => element == CacheScalar.Float32 ? single : "bfloat16";
        return cache.IsUniform ? Name(cache.Streams.Count == 0 ? cache.Element : cache.ElementOf(cache.Streams[0])) : string.Join(" and ", cache.Streams.Select(s => Name(cache.ElementOf(s)) + " of " + s.Name));
    }

    /// <summary>What makes the stream at run time.</summary>
    private static string Declaration(CacheStreamSpec s)
    {
        string shape = string.Format(CultureInfo.InvariantCulture, "new(\"{0}\", {1}, {2})", s.Name, s.Heads, s.Width);
        string[] more = [.. new[] { Element(s), Turning(s), Codes(s) }.Where(part => part.Length > 0)];
        return more.Length == 0 ? shape : shape + " { " + string.Join(", ", more) + " }";
    }

    private static string Element(CacheStreamSpec s) => s.Element is { } element ? "Element = global::AttnDsl.CacheElement." + element : "";

    private static string Turning(CacheStreamSpec s) => s.SinkRotation is { } rotation
        ? "SinkRotation = new(global::AttnDsl.RopeLayout." + rotation.Layout + ", [" + string.Join(", ", rotation.Frequencies.Select(ScalarType.Double.Literal)) + "])"
        : "";

    private static string Codes(CacheStreamSpec s) => s.Codes is { } codes
        ? string.Format(CultureInfo.InvariantCulture, "Quantization = new({0}, {1}, {2}, global::AttnDsl.QuantizationAxis.{3})", codes.Bits, codes.Group, codes.Residual, codes.Axis)
        : "";

    /// <summary>What makes the ring at run time; empty for other storages.</summary>
    public static string Ring(CacheSchema cache) => cache.Ring is { } ring
        ? string.Format(CultureInfo.InvariantCulture, "new global::AttnDsl.CacheRing({0}, {1}, global::AttnDsl.RingEviction.{2})", ring.Recent, ring.Sinks, ring.Room == RingRoom.Before ? "RoomBefore" : "TrimAfter")
        : "";
}

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

    /// <summary>What makes the stream at run time.</summary>
    private static string Declaration(CacheStreamSpec s)
    {
        string shape = string.Format(CultureInfo.InvariantCulture, "new(\"{0}\", {1}, {2})", s.Name, s.Heads, s.Width);
        if (s.SinkRotation is { } rotation)
        {
            string frequencies = string.Join(", ", rotation.Frequencies.Select(ScalarType.Double.Literal));
            return shape + " { SinkRotation = new(global::AttnDsl.RopeLayout." + rotation.Layout + ", [" + frequencies + "]) }";
        }

        return s.Codes is not { } codes
            ? shape
            : shape + string.Format(
                CultureInfo.InvariantCulture, " {{ Quantization = new({0}, {1}, {2}, global::AttnDsl.QuantizationAxis.{3}) }}", codes.Bits, codes.Group, codes.Residual, codes.Axis);
    }

    /// <summary>What makes the ring at run time; empty for other storages.</summary>
    public static string Ring(CacheSchema cache) => cache.Ring is { } ring
        ? string.Format(CultureInfo.InvariantCulture, "new global::AttnDsl.CacheRing({0}, {1}, global::AttnDsl.RingEviction.{2})", ring.Recent, ring.Sinks, ring.Room == RingRoom.Before ? "RoomBefore" : "TrimAfter")
        : "";
}

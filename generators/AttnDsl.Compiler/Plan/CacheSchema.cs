using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Plan;

/// <summary>What a layer keeps between calls, apart from how it is stored.</summary>
/// <param name="Streams">Rows per token.</param>
/// <param name="States">Constant state per sequence.</param>
/// <param name="Element">How fast backends store a scalar where a stream does not say otherwise; the reference keeps its own type.</param>
/// <param name="PageSize">Tokens of a page where fast backends keep tokens in pages of a common pool; null: every row in one block.</param>
public sealed record CacheSchema(EquatableArray<CacheStreamSpec> Streams, EquatableArray<CacheStateSpec> States, CacheScalar Element = CacheScalar.Float32, long? PageSize = null)
{
    public static CacheSchema None { get; } = new(default, default);

    /// <summary>What all streams keep of a row where they are rings; null: some keep everything.</summary>
    public RingStorage? Ring => Streams.Count > 0 && Streams.All(s => s.Storage == Streams[0].Storage) ? Streams[0].Storage as RingStorage : null;

    /// <summary>Scalars that grow with every token, streams with a stride counted by their share.</summary>
    public double ScalarsPerToken => Streams.Where(s => s.Storage is not RingStorage).Sum(s => (double)s.Heads * s.Width / s.Stride);

    /// <summary>All streams store scalars alike.</summary>
    public bool IsUniform => Streams.All(s => ElementOf(s) == ElementOf(Streams[0]));

    /// <summary>How fast backends store a stream's scalars.</summary>
    public CacheScalar ElementOf(CacheStreamSpec stream) => stream.Element ?? Element;

    /// <summary>Bytes of a stored scalar of a stream.</summary>
    public int ElementBytes(CacheStreamSpec stream) => ElementOf(stream) == CacheScalar.Float32 ? 4 : 2;

    /// <summary>Bytes that a token takes once it is old: codes, scales and minima where a stream has them, otherwise scalars.</summary>
    public long BytesPerToken => (long)System.Math.Ceiling(Streams.Where(s => s.Storage is not RingStorage).Sum(s => s.CodedBytes(ElementBytes(s)) / s.Stride));

    /// <summary>Bytes of a token that is kept, whatever keeps it, once it is old: what a decoded token reads of it.</summary>
    public long BytesPerKeptToken => (long)System.Math.Ceiling(Streams.Sum(s => s.CodedBytes(ElementBytes(s)) / s.Stride));

    /// <summary>Scalars a sequence holds whatever its length: states, rings, tails.</summary>
    public long ConstantScalars => States.Sum(s => s.Scalars) + Streams.Sum(s => s.RingScalars);
}

public enum CacheScalar
{
    /// <summary>4 bytes.</summary>
    Float32,

    /// <summary>2 bytes.</summary>
    BFloat16,
}

/// <summary>One row [heads, width] every <paramref name="Stride"/> tokens.</summary>
/// <param name="Name">Unique in the layer.</param>
/// <param name="Group">Streams of one group share lengths and positions; a layer may have several groups (caches per kind of head).</param>
/// <param name="Content">What a row is, for docs: <c>keys after rotation</c>.</param>
/// <param name="Codes">How old rows are stored as whole numbers where fast backends and the reference do so; null: as scalars.</param>
/// <param name="Element">How fast backends store its scalars; null: as the schema says.</param>
/// <param name="SinkRotation">A ring shows its sinks turned by the number of tokens that it has let go of, a rotation without magnitude of what was appended; null: as they were appended.</param>
public sealed record CacheStreamSpec(string Name, string Group, long Heads, long Width, long Stride, CacheStorage Storage, string Content, CacheCodes? Codes = null, RotaryTable? SinkRotation = null, CacheScalar? Element = null)
{
    /// <summary>Scalars of a ring, 0 for other storages: its places, and sinks that turn once more, as they were appended.</summary>
    public long RingScalars => Storage is RingStorage ring ? Heads * Width * (ring.Slots + (SinkRotation is null ? 0 : ring.Sinks)) : 0;

    /// <summary>Bytes of a row once it is old.</summary>
    /// <param name="elementBytes">Bytes of a scalar.</param>
    public double CodedBytes(int elementBytes) => (double)Heads * Width * (Codes?.BytesPerScalar ?? elementBytes);


    public override string ToString() =>
        string.Format(CultureInfo.InvariantCulture, "{0}.{1} [{2}, {3}] every {4} token(s), {5}{7}{8}{9}: {6}", Group, Name, Heads, Width, Stride, Storage, Content, Codes is null ? "" : ", " + Codes, SinkRotation is null ? "" : ", sinks turn", Element is null ? "" : ", " + Element);
}

/// <summary>Constant state: the last rows a convolution needs, a running sum.</summary>
/// <param name="Name">Unique in the layer.</param>
/// <param name="Scalars">Scalars of a sequence.</param>
/// <param name="Content">What it is, for docs.</param>
/// <param name="Rows">Rows that make the state.</param>
public sealed record CacheStateSpec(string Name, long Scalars, string Content, long Rows = 1);

public abstract record CacheStorage;

/// <summary>Keeps every token.</summary>
public sealed record FullStorage : CacheStorage
{
    public static FullStorage Instance { get; } = new();

    public override string ToString() => "full";
}

/// <summary>Keeps the first <paramref name="Sinks"/> and the last <paramref name="Recent"/> tokens, at absolute positions.</summary>
/// <param name="Sinks">First tokens.</param>
/// <param name="Recent">Last tokens.</param>
/// <param name="Room">When tokens between them go.</param>
/// <param name="Spare">Places for new tokens beside those that are kept, so that a step that is given up leaves no trace.</param>
public sealed record RingStorage(long Sinks, long Recent, RingRoom Room = RingRoom.After, long Spare = 0) : CacheStorage
{
    /// <summary>Old tokens that one new one attends to, at most.</summary>
    public long Kept => Sinks + Recent - (Room == RingRoom.Before ? 1 : 0);

    /// <summary>Places for tokens.</summary>
    public long Slots => Sinks + Recent + Spare;

    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "ring({0}+{1}{2})", Sinks, Recent, Room == RingRoom.Before ? ", room before" : "");
}

public enum RingRoom
{
    /// <summary>New tokens attend to all that is kept; what is too much goes afterwards.</summary>
    After,

    /// <summary>As many recent tokens go before as new ones come, unless more come than recent ones are kept.</summary>
    Before,
}

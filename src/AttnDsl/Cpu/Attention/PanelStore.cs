namespace AttnDsl.Cpu;

/// <summary>Where the packed keys, values and segment ids of a few batch rows lie in one block of memory.</summary>
internal unsafe struct PanelStore
{
    public float* Memory;

    private long _keyFloats;
    private long _valueFloats;
    private long _flagFloats;
    private long _values;
    private long _flags;
    private long _segments;
    private int _keyHeads;
    private int _panels;
    private int _tileRows;

    /// <summary>Floats of one batch row.</summary>
    public long RowFloats { get; private set; }

    /// <summary>Keys of a block of values: a key tile's values are one stream, group of channels after group.</summary>
    public const int ValueBlock = 128;

    /// <summary>Floats from one group of value channels to the next, within a block of keys.</summary>
    public readonly nint ValueStep => ValueBlock * _tileRows;

    public static PanelStore Of(AttendGeometry geometry, int panels, int tileRows, bool segments)
    {
        long keys = (long)panels * tileRows;
        long channels = (geometry.ValueWidth + tileRows - 1) / tileRows * tileRows;
        PanelStore store = default;
        store._panels = panels;
        store._tileRows = tileRows;
        store._keyHeads = geometry.Key.Heads;
        store._keyFloats = Workspace.Padded(keys * geometry.KeyWidth);
        store._valueFloats = Workspace.Padded((keys + ValueBlock - 1) / ValueBlock * ValueBlock * channels);
        store._flagFloats = Workspace.Padded((panels + 3) / 4);
        store._values = store._keyFloats * geometry.Key.Heads;
        store._flags = store._values + (store._valueFloats * geometry.Value.Heads);
        store._segments = store._flags + (store._flagFloats * (geometry.Key.Heads + geometry.Value.Heads));
        store.RowFloats = store._segments + (segments ? Workspace.Padded(keys + (2L * panels)) : 0);
        return store;
    }

    public readonly float* Keys(int row, int head) => Memory + (row * RowFloats) + (head * _keyFloats);

    public readonly float* Values(int row, int head) => Memory + (row * RowFloats) + _values + (head * _valueFloats);

    /// <summary>Where the values of a panel of keys begin: its block, and within the first group of channels its place.</summary>
    public static float* ValuesOf(float* values, int firstKey, int channels, int tileRows) =>
        values + ((nint)(firstKey / ValueBlock) * ValueBlock * channels) + (firstKey % ValueBlock * tileRows);

    public readonly byte* KeyFinite(int row, int head) => (byte*)(Memory + (row * RowFloats) + _flags + (head * _flagFloats));

    public readonly byte* ValueFinite(int row, int head) => (byte*)(Memory + (row * RowFloats) + _flags + ((_keyHeads + head) * _flagFloats));

    public readonly int* Segments(int row) => (int*)(Memory + (row * RowFloats) + _segments);

    public readonly int* SegmentLow(int row) => Segments(row) + (_panels * _tileRows);

    public readonly int* SegmentHigh(int row) => SegmentLow(row) + _panels;
}

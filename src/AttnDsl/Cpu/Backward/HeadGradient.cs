using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttnDsl.Cpu;

/// <summary>
/// Gradients of one score head over a range of key tiles. For a key tile and every strip of queries: P^T from the log-sums again, dP^T, dS^T = P^T ∘ (dP^T − D), queries in the lanes;
/// then dV += P^T dO and dK += dS^T Q, which stay in a near cache while the strips go by, and dQ^T += K^T dS^T.
/// Scores and their gradients exist for one key tile and one strip at a time.
/// The methods are compiled for speed at once: in the first tier, which a program's first calls would run in, the kernels under them would wait.
/// </summary>
internal unsafe partial struct HeadGradient<TLanes, TScore, TMask>
    where TLanes : unmanaged, IKernelLanes<TLanes>
    where TScore : struct, IScore
    where TMask : struct, IPairMask
{
    /// <summary>Keys of a tile: a multiple of the rows of every register tile.</summary>
    public const int KeyTile = 96;

    private const float Log2E = 1.44269504088896341f;

    public TScore Score;
    public TMask Mask;
    public TokenRows Tokens;
    public int Batch;
    public int ScoreHead;

    /// <summary>First vector of the head in this batch row, and floats from token to token.</summary>
    public float* Query;
    public long QueryStride;
    public float* Key;
    public long KeyStride;
    public float* Value;
    public long ValueStride;
    public float* OutputGradient;
    public long OutputStride;

    /// <summary>Per query, from <see cref="QuerySums"/>.</summary>
    public float* Shift;
    public float* Delta;
    public double Scale;
    public int KeyWidth;
    public int ValueWidth;

    /// <summary>Results: [tile][<see cref="Channels"/>][queries] and [key][<see cref="Padded"/>], those of queries and keys still without the scale.</summary>
    public float* QueryGradient;
    public float* KeyGradient;
    public float* ValueGradient;

    private int _count;
    private int _keyCount;
    private int _past;
    private QueryTiling _tiling;

    private GradientTile* _tiles;

    // Per query: range of keys, segment (integers), row, what is added to scores to make them exponents, −D.
    private float* _first;
    private float* _end;
    private float* _segment;
    private float* _row;
    private float* _shift;
    private float* _delta;

    // Queries, after whose channels comes the shift, and output gradients: [tile][channel][query], and [strip][channels / 2 vectors][query][2 vectors].
    private float* _queryLanes;
    private float* _gradientLanes;
    private float* _queryRows;
    private float* _gradientRows;

    // P^T and dS^T: [key][query of the strip].
    private float* _weights;
    private float* _scoreGradients;
    private float* _zeros;
    private float* _sums;

    // The present key tile.
    private int _firstKey;
    private int _panels;
    private float* _keyTarget;
    private float* _valueTarget;

    // [panel][channel][keys], those of keys with a row of ones after the channels; and keys once more as [channels][keys][channels of a panel], not finite ones as 0.
    private float* _keyPanels;
    private float* _valuePanels;
    private float* _keyChannels;

    // Whether a panel of keys and values is finite; whether the keys of all panels are.
    private byte* _finite;
    private bool _keysFinite;

    private int* _keySegments;
    private int* _segmentLow;
    private int* _segmentHigh;

    private PairClass* _classes;

    // Queries of the strip that see anything of a panel.
    private int* _laneFrom;
    private int* _laneTo;

    private static int Lanes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Strip.TileLanes<TLanes>();
    }

    private static int StripTiles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Strip.Tiles<TLanes>();
    }

    private static int MaxPanels => KeyTile / TLanes.TileRows;

    /// <summary>Channels of the queries rounded up to whole tiles.</summary>
    public static int Channels(int width) => (width + TLanes.TileRows - 1) / TLanes.TileRows * TLanes.TileRows;

    /// <summary>Channels of a key's gradients rounded up to whole vectors.</summary>
    public static int Padded(int width) => (width + TLanes.Count - 1) / TLanes.Count * TLanes.Count;

    /// <summary>Floats of <see cref="QueryGradient"/> for so many queries.</summary>
    public static long QueryGradientFloats(int count, int keyWidth) => (long)new QueryTiling(count, Lanes).Tiles * Lanes * Channels(keyWidth);

    /// <summary>Key tiles of so many keys.</summary>
    public static int KeyTiles(int keys) => (keys + KeyTile - 1) / KeyTile;

    /// <summary>Computes a part of the key tiles: their dK and dV, and their share of dQ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int part, int parts, Workspace workspace)
    {
        _count = Tokens.Count(Batch);
        _keyCount = Tokens.KeyCount(Batch);
        _past = Tokens.Past(Batch);
        _tiling = new QueryTiling(_count, Lanes);
        Place(workspace.Reserve(Place(null)));
        Clear(QueryGradient, QueryGradientFloats(_count, KeyWidth));
        Clear(_zeros, Strip.Lanes);
        Clear(_sums, Strip.Lanes);

        int tiles = KeyTiles(_keyCount);
        int from = (int)((long)tiles * part / parts);
        int to = (int)((long)tiles * (part + 1) / parts);
        PrepareQueries(from * KeyTile, to * KeyTile);
        for (int tile = from; tile < to; tile++)
        {
            PrepareKeys(tile);
            for (int strip = 0; strip < _tiling.Strips; strip++)
            {
                AddStrip(strip);
            }
        }
    }

    private static void Clear(float* memory, long floats) => NativeMemory.Clear(memory, (nuint)floats * sizeof(float));

    private static int PaddedRows(int width)
    {
        int panel = RowTile.Vectors * TLanes.Count;
        return (width + panel - 1) / panel * panel;
    }

    private long Place(float* memory)
    {
        int tiles = _tiling.Tiles;
        long lanes = (long)tiles * Lanes;
        var cursor = new ScratchCursor(memory);
        _tiles = (GradientTile*)cursor.Take(((long)tiles * sizeof(GradientTile) / sizeof(float)) + 1);
        _first = cursor.Take(lanes);
        _end = cursor.Take(lanes);
        _segment = cursor.Take(lanes);
        _row = cursor.Take(lanes);
        _shift = cursor.Take(lanes);
        _delta = cursor.Take(lanes);
        _queryLanes = cursor.Take(lanes * (KeyWidth + 1));
        _gradientLanes = cursor.Take(lanes * ValueWidth);
        _queryRows = cursor.Take(lanes * PaddedRows(KeyWidth));
        _gradientRows = cursor.Take(lanes * PaddedRows(ValueWidth));
        _weights = cursor.Take(KeyTile * Strip.Lanes);
        _scoreGradients = cursor.Take(KeyTile * Strip.Lanes);
        _zeros = cursor.Take(Strip.Lanes);
        _sums = cursor.Take(Strip.Lanes);
        _keyPanels = cursor.Take((long)KeyTile * (KeyWidth + 1));
        _valuePanels = cursor.Take((long)KeyTile * ValueWidth);
        _keyChannels = cursor.Take((long)KeyTile * Channels(KeyWidth));
        _keySegments = (int*)cursor.Take(KeyTile);
        _segmentLow = (int*)cursor.Take(MaxPanels);
        _segmentHigh = (int*)cursor.Take(MaxPanels);
        _laneFrom = (int*)cursor.Take(MaxPanels);
        _laneTo = (int*)cursor.Take(MaxPanels);
        _finite = (byte*)cursor.Take(MaxPanels);
        _classes = (PairClass*)cursor.Take(StripTiles * MaxPanels);
        return cursor.Used;
    }
}

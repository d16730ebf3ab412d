using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AttnDsl.Cpu;

/// <content>From queries to lanes.</content>
internal unsafe partial struct HeadGradient<TLanes, TScore, TMask>
{
    private const double Log2EExact = 1.4426950408889634;

    /// <summary>Ranges, D and packed operands of all queries; those that see no key in the range are not packed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PrepareQueries(int firstKey, int endKey)
    {
        for (int tile = 0; tile < _tiling.Tiles; tile++)
        {
            ref GradientTile info = ref _tiles[tile];
            info = default;
            info.Token = _tiling.Token(tile);
            info.Rows = _tiling.Rows(tile);
            info.Vectors = (info.Rows + TLanes.Count - 1) / TLanes.Count;
            if (info.Rows > 0)
            {
                bool blind = FindRanges(tile, ref info);
                info.Active = info.AnyFirst < endKey && info.AnyEnd > firstKey;
                if (info.Active)
                {
                    Fetch(info.Token + info.Rows, Math.Min(Lanes, _count - info.Token - info.Rows));
                    Pack(tile, ref info, blind);
                }
            }
        }
    }

    /// <returns>Whether there are queries that see nothing.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool FindRanges(int tile, ref GradientTile info)
    {
        int place = tile * Lanes;
        var first = (int*)_first + place;
        var end = (int*)_end + place;
        var segments = (int*)_segment + place;
        bool anyBlind = false;
        info.AnyFirst = int.MaxValue;
        info.AllEnd = int.MaxValue;
        info.SegmentLow = int.MaxValue;
        info.SegmentHigh = int.MinValue;
        for (int lane = 0; lane < info.Vectors * TLanes.Count; lane++)
        {
            // Lanes past the last query stand at its place and see nothing.
            bool real = lane < info.Rows;
            int token = info.Token + Math.Min(lane, info.Rows - 1);
            int row = _past + token;
            bool ignored = !real || float.IsNegativeInfinity(Shift[token]);
            KeyRange range = Mask.Range(row);
            int low = Math.Max(range.First, 0);
            int high = Math.Min(range.End, _keyCount);
            bool blind = low >= high || ignored;
            _row[place + lane] = row;
            first[lane] = blind ? -1 : low - 1;
            end[lane] = blind ? 0 : high;
            _shift[place + lane] = blind ? float.NegativeInfinity : Shift[token];
            _delta[place + lane] = blind ? 0 : -Delta[token];
            segments[lane] = Mask.Segments ? Tokens.QuerySegment(Batch, token) : 0;
            if (!real)
            {
                continue;
            }

            anyBlind |= blind;
            info.AnyFirst = blind ? info.AnyFirst : Math.Min(info.AnyFirst, low);
            info.AnyEnd = blind ? info.AnyEnd : Math.Max(info.AnyEnd, high);
            info.AllFirst = Math.Max(info.AllFirst, low);
            info.AllEnd = blind ? 0 : Math.Min(info.AllEnd, high);
            info.SegmentLow = Math.Min(info.SegmentLow, segments[lane]);
            info.SegmentHigh = Math.Max(info.SegmentHigh, segments[lane]);
        }

        return anyBlind;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(int tile, ref GradientTile info, bool anyBlind)
    {
        int lanes = Lanes;
        int width = RowTile.Vectors * TLanes.Count;
        int padded = info.Vectors * TLanes.Count;
        int strip = tile / StripTiles;
        int place = tile % StripTiles * lanes * width;
        float* query = Query + (info.Token * QueryStride);
        float* gradient = OutputGradient + (info.Token * OutputStride);
        float* queryLanes = _queryLanes + ((nint)tile * lanes * (KeyWidth + 1));
        float* gradientLanes = _gradientLanes + ((nint)tile * lanes * ValueWidth);
        float* queryRows = _queryRows + ((nint)strip * Strip.Lanes * PaddedRows(KeyWidth)) + place;
        float* gradientRows = _gradientRows + ((nint)strip * Strip.Lanes * PaddedRows(ValueWidth)) + place;
        float factor = (float)(Score.Form == ScoreForm.General ? Scale : Scale * Log2EExact);
        nint step = Strip.Lanes * width;
        bool finite = Packing.Transposed(query, QueryStride, info.Rows, padded, KeyWidth, factor, queryLanes, lanes);
        new Span<float>(_shift + (tile * lanes), padded).CopyTo(new Span<float>(queryLanes + ((nint)lanes * KeyWidth), padded));
        finite &= Packing.Transposed(gradient, OutputStride, info.Rows, padded, ValueWidth, 1, gradientLanes, lanes);
        Packing.Copied(query, QueryStride, info.Rows, padded, KeyWidth, width, step, queryRows);
        Packing.Copied(gradient, OutputStride, info.Rows, padded, ValueWidth, width, step, gradientRows);
        info.Finite = finite;
        if (!finite)
        {
            ClearUnusual(queryRows, step, PaddedRows(KeyWidth) / width, padded * width);
            ClearUnusual(gradientRows, step, PaddedRows(ValueWidth) / width, padded * width);
        }

        for (int lane = 0; anyBlind && lane < info.Rows; lane++)
        {
            // Whatever a query that sees nothing holds, be it NaN, it takes no part.
            if (((int*)_end)[(tile * lanes) + lane] == 0)
            {
                ClearLane(queryLanes + lane, KeyWidth);
                ClearLane(gradientLanes + lane, ValueWidth);
            }
        }
    }

    /// <summary>The rows of one head lie a page or so apart, where no prefetcher follows.</summary>
    private readonly void Fetch(int token, int rows)
    {
        const int Line = 64 / sizeof(float);
        for (int row = token; Sse.IsSupported && row < token + rows; row++)
        {
            for (int channel = 0; channel < KeyWidth; channel += Line)
            {
                Sse.Prefetch1(Query + (row * QueryStride) + channel);
            }

            for (int channel = 0; channel < ValueWidth; channel += Line)
            {
                Sse.Prefetch1(OutputGradient + (row * OutputStride) + channel);
            }
        }
    }

    private static void ClearLane(float* at, int width)
    {
        for (int channel = 0; channel < width; channel++, at += Lanes)
        {
            *at = 0;
        }
    }

    private static void ClearUnusual(float* panels, nint step, int count, int floats)
    {
        for (int panel = 0; panel < count; panel++, panels += step)
        {
            for (int i = 0; i < floats; i++)
            {
                panels[i] = float.IsFinite(panels[i]) ? panels[i] : 0;
            }
        }
    }
}

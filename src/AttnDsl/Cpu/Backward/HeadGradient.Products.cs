using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <content>From weights and gradients of scores to gradients of the operands.</content>
internal unsafe partial struct HeadGradient<TLanes, TScore, TMask>
{
    /// <summary>dV += P^T dO and dK += dS^T Q over a strip.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void AddKeyGradients(int strip, int firstPanel, int endPanel)
    {
        int panelRows = TLanes.TileRows;
        int rows = RowTile.Rows<TLanes>();
        int first = firstPanel * panelRows / rows;
        int end = ((endPanel * panelRows) + rows - 1) / rows;

        // Row tiles at the edges reach into panels that nobody sees.
        ClearRows(first * rows, firstPanel * panelRows);
        ClearRows(endPanel * panelRows, end * rows);
        int block = first;
        while (block < end)
        {
            FindDepth(block, firstPanel, endPanel, out int from, out int to);
            int count = 1;
            while (block + count < end)
            {
                FindDepth(block + count, firstPanel, endPanel, out int nextFrom, out int nextTo);
                if (nextFrom != from || nextTo != to)
                {
                    break;
                }

                count++;
            }

            if (to > from)
            {
                Add(_weights, _gradientRows, _valueTarget, ValueWidth, strip, block, count, from, to);
                Add(_scoreGradients, _queryRows, _keyTarget, KeyWidth, strip, block, count, from, to);
            }

            block += count;
        }
    }

    /// <summary>The queries that see any key of a block of rows.</summary>
    private readonly void FindDepth(int block, int firstPanel, int endPanel, out int from, out int to)
    {
        int rows = RowTile.Rows<TLanes>();
        int first = Math.Max(block * rows / TLanes.TileRows, firstPanel);
        int end = Math.Min((((block + 1) * rows) + TLanes.TileRows - 1) / TLanes.TileRows, endPanel);
        from = Strip.Lanes;
        to = 0;
        for (int panel = first; panel < end; panel++)
        {
            from = Math.Min(from, _laneFrom[panel]);
            to = Math.Max(to, _laneTo[panel]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Add(float* left, float* right, float* target, int width, int strip, int block, int count, int from, int to)
    {
        int panelWidth = RowTile.Vectors * TLanes.Count;
        int padded = Padded(width);
        int row = block * RowTile.Rows<TLanes>();
        RowTileCall call = default;
        call.A = left + (row * Strip.Lanes) + from;
        call.CRow = padded;
        call.Depth = to - from;
        call.Blocks = count;
        for (int channel = 0; channel < padded; channel += panelWidth)
        {
            call.B = right + ((nint)strip * Strip.Lanes * PaddedRows(width)) + (channel * Strip.Lanes) + (from * panelWidth);
            call.C = target + (row * padded) + channel;
            RowTile.Run<TLanes>(Math.Min(RowTile.Vectors, (padded - channel) / TLanes.Count), &call);
        }
    }

    /// <summary>dQ^T += K^T dS^T of one tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void AddQueryGradients(in GradientTile info, int tile, int t)
    {
        int rows = TLanes.TileRows;
        int lanes = Lanes;
        TileCall call = default;
        call.A = _keyChannels + (info.From * rows * rows);
        call.AStep = KeyTile * rows;
        call.B = _scoreGradients + (info.From * rows * Strip.Lanes) + (t * lanes);
        call.BRow = Strip.Lanes;
        call.C = QueryGradient + ((nint)tile * lanes * Channels(KeyWidth));
        call.CRow = lanes;
        call.CStep = rows * lanes;
        call.Init = call.C;
        call.InitRow = lanes;
        call.InitStep = rows * lanes;
        call.Depth = (info.To - info.From) * rows;
        call.Panels = Channels(KeyWidth) / rows;
        Tile.Run<TLanes, Plain>(info.Vectors, &call);
    }

    private readonly void ClearRows(int from, int to)
    {
        if (to > from)
        {
            Clear(_weights + (from * Strip.Lanes), (long)(to - from) * Strip.Lanes);
            Clear(_scoreGradients + (from * Strip.Lanes), (long)(to - from) * Strip.Lanes);
        }
    }
}

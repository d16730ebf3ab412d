using System;
using System.Collections.Generic;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>
/// A call's <see cref="TokenRows"/> as tensors on its device, made when they are first asked for and owned by the call's dispose scope. Rows that are alike have one entry along the batch axis, which broadcasts.
/// Called by generated code.
/// </summary>
public sealed class RowTensors
{
    private readonly Device _device;
    private readonly bool _sameRows;
    private readonly Dictionary<(Rotation Rotation, ScalarType Type), (Tensor Cos, Tensor Sin)> _turns = [];
    private Tensor? _row;
    private Tensor? _column;
    private Tensor? _positions;

    internal RowTensors(TokenRows rows, Device device)
    {
        Rows = rows;
        _device = device;
        bool sameRows = true;
        bool full = true;
        for (int b = 0; b < rows.Batch; b++)
        {
            sameRows &= rows.Past(b) == rows.Past(0);
            full &= rows.Count(b) == rows.Tokens && rows.KeyCount(b) == rows.Keys;
        }

        _sameRows = sameRows;
        IsFull = full;
        IsSquare = full && sameRows && rows.Past(0) == 0 && rows.Tokens == rows.Keys && !rows.IsRagged;
    }

    /// <summary>The rows themselves.</summary>
    public TokenRows Rows { get; }

    /// <summary>Rows B.</summary>
    public int Batch => Rows.Batch;

    /// <summary>New tokens T, padding included.</summary>
    public int Tokens => Rows.Tokens;

    /// <summary>Keys S, padding included.</summary>
    public int Keys => Rows.Keys;

    /// <summary>Whether every token and every key is real.</summary>
    public bool IsFull { get; }

    /// <summary>Whether queries and keys are the same tokens, all of them real, without segments: what a top-left causal flag means as well.</summary>
    public bool IsSquare { get; }

    /// <summary>Absolute index of each query among its keys, int64 [B or 1, 1, T, 1].</summary>
    public Tensor Row => _row ??= Past().unsqueeze(2) + arange(Tokens, int64, _device).view(1, 1, Tokens, 1);

    /// <summary>Index of each key, int64 [1, 1, 1, S].</summary>
    public Tensor Column => _column ??= arange(Keys, int64, _device).view(1, 1, 1, Keys);

    /// <summary>Position id of each new token, float64 [B or 1, T, 1, 1].</summary>
    public Tensor Positions => _positions ??= MakePositions();

    /// <summary>Where query and key are both real, bool [B, 1, T, S]; null when all are.</summary>
    public Tensor? Real => IsFull ? null : RealKeys() & RealTokens().view(Batch, 1, Tokens, 1);

    /// <summary>Where query and key carry the same segment id, bool [B, 1, T, S]; null when no ids can have been given.</summary>
    public Tensor? SameSegment
    {
        get
        {
            if (!Rows.IsRagged)
            {
                return null;
            }

            var query = new long[(long)Batch * Tokens];
            var key = new long[(long)Batch * Keys];
            for (int b = 0; b < Batch; b++)
            {
                for (int t = 0; t < Tokens; t++)
                {
                    query[((long)b * Tokens) + t] = Rows.QuerySegment(b, t);
                }

                for (int j = 0; j < Keys; j++)
                {
                    key[((long)b * Keys) + j] = Rows.KeySegment(b, j);
                }
            }

            return tensor(query, device: _device).view(Batch, 1, Tokens, 1).eq(tensor(key, device: _device).view(Batch, 1, 1, Keys));
        }
    }

    /// <summary>Numbers of the score heads, int64 [1, heads, 1, 1].</summary>
    /// <param name="heads">Score heads.</param>
    public Tensor Heads(int heads) => arange(heads, int64, _device).view(1, heads, 1, 1);

    /// <summary>cos and sin of a rotation at the new tokens' positions, [B or 1, T, 1, pairs]: computed once per call for all tensors that turn alike.</summary>
    /// <param name="rotation">The rotation.</param>
    /// <param name="like">Type of the result.</param>
    internal (Tensor Cos, Tensor Sin) Turns(Rotation rotation, Tensor like)
    {
        if (!_turns.TryGetValue((rotation, like.dtype), out (Tensor Cos, Tensor Sin) turns))
        {
            turns = rotation.Turns(Positions, like);
            _turns.Add((rotation, like.dtype), turns);
        }

        return turns;
    }

    /// <summary>x [B, T, ..] with zeros in the padding, whatever stood there; x itself without padding.</summary>
    internal Tensor WithoutPadding(Tensor x) => IsFull ? x : x.masked_fill(RealTokens().logical_not().unsqueeze(-1), 0);

    private Tensor RealTokens()
    {
        var counts = new long[Batch];
        for (int b = 0; b < Batch; b++)
        {
            counts[b] = Rows.Count(b);
        }

        return arange(Tokens, int64, _device).view(1, Tokens).lt(tensor(counts, device: _device).view(Batch, 1));
    }

    private Tensor RealKeys()
    {
        var counts = new long[Batch];
        for (int b = 0; b < Batch; b++)
        {
            counts[b] = Rows.KeyCount(b);
        }

        return Column.lt(tensor(counts, device: _device).view(Batch, 1, 1, 1));
    }

    /// <summary>[B or 1, 1].</summary>
    private Tensor Past()
    {
        var pasts = new long[_sameRows ? 1 : Batch];
        for (int b = 0; b < pasts.Length; b++)
        {
            pasts[b] = Rows.Past(b);
        }

        return tensor(pasts, device: _device).view(pasts.Length, 1, 1);
    }

    private Tensor MakePositions()
    {
        // A row's place among its keys need not be its position: a cache may have let go of tokens.
        bool alike = !Rows.IsRagged;
        for (int b = 1; b < Batch && alike; b++)
        {
            alike = Rows.Position(b, 0) == Rows.Position(0, 0);
        }

        if (alike)
        {
            return arange(Rows.Position(0, 0), Rows.Position(0, 0) + (long)Tokens, float64, _device).view(1, Tokens, 1, 1);
        }

        var positions = new double[(long)Batch * Tokens];
        for (int b = 0; b < Batch; b++)
        {
            for (int t = 0; t < Tokens; t++)
            {
                positions[((long)b * Tokens) + t] = Rows.Position(b, t);
            }
        }

        return tensor(positions, device: _device).view(Batch, Tokens, 1, 1);
    }
}

using System;
using System.Linq;

namespace AttnDsl.Space.Legality;

internal sealed partial class Sheet
{
    private static readonly string[] s_keyValueSetters = ["GroupedQuery", "MultiQuery", "SymmetricSparseQuery", "ReverseSparseQuery"];

    private static readonly string[] s_latents = ["LatentKV", "GroupedLatentKV"];

    // What works on projected queries, keys or values.
    private static readonly string[] s_onProjections = ["AugmentedQuery", "KeyWidth", "QKConv", "QKMean", "QKL2Norm", "ValueShift", "Compressed"];

    // Channels of a query or key head that turn, that a norm sees, that codes group, and all; channels of a value head.
    private long? _rotated;
    private long? _normed;
    private long? _coded;
    private long? _keyWidth;
    private long? _valueWidth;
    private bool _latentSound = true;

    private void Latents()
    {
        _rotated = _normed = _coded = _keyWidth = _valueWidth = _headDim;
        if (_stack.Has("GroupedLatentKV"))
        {
            Latent("GroupedLatentKV", Groups());
            BiasesOfLatents();
        }

        if (_stack.Has("LatentKV"))
        {
            Latent("LatentKV", 1);
            KeyNorms();
        }

        if (s_latents.All(_stack.Has))
        {
            (_latentSound, _rotated, _normed, _coded) = (false, null, null, null);
        }

        if (_stack.Has("TiedKV"))
        {
            Tied();
        }

        Bottleneck();
    }

    // dr even, dr < d; only the dr channels turn, and they must.
    private void Tied()
    {
        const string Name = "TiedKV";
        long? rope = Count(Name, "ropeDim");
        if (rope >= _headDim)
        {
            Add("ATTN0720", Name, "ropeDim");
            rope = null;
        }
        else if (rope % 2 == 1)
        {
            Add("ATTN0701", Name, "ropeDim");
            rope = null;
        }

        if (!_stack.Has("Rope"))
        {
            Add("ATTN0721", Name);
        }

        bool alone = !s_latents.Any(_stack.Has);
        _latentSound = alone && rope is not null;
        _coded = null;
        _rotated = alone ? rope : null;
        _normed = alone ? _headDim - rope : null;
    }

    // H, r, dn, dv ≥ 1; dr even; every head has its own keys and values; only the dr channels turn.
    private void Latent(string name, long? groups)
    {
        long? rank = Count(name, "rank");
        long? rope = Gives(name, "ropeDim") || Gives(name, "RopeDim") ? Either(name, "ropeDim", "RopeDim", 0) : _stack.Has("Rope") ? _headDim / 4 * 2 : 0;
        long? nope = Gives(name, "nopeDim") || Gives(name, "NopeDim") ? Either(name, "nopeDim", "NopeDim", 1) : _headDim;
        long? value = Gives(name, "valueDim") || Gives(name, "ValueDim") ? Either(name, "valueDim", "ValueDim", 1) : _headDim;
        string? argument = Gives(name, "ropeDim") ? "ropeDim" : Gives(name, "RopeDim") ? "RopeDim" : null;
        if (rope % 2 == 1)
        {
            Add("ATTN0701", name, argument);
            rope = null;
        }
        else if (_stack.Has("Rope") && rope == 0)
        {
            Add("ATTN0704", name, argument);
            rope = null;
        }
        else if (!_stack.Has("Rope") && rope > 0)
        {
            Add("ATTN0705", name, argument);
        }

        bool epsilon = Gives(name, "Eps") && Positive(name, "Eps") is not null;
        if (epsilon && _stack.Find(name)!["LatentNorm"] is { Number: 0 })
        {
            Add("ATTN0710", name, "Eps");
        }

        Paths(name);
        _latentSound = rope is not null && nope is not null && value is not null;
        (_rotated, _normed, _coded, _keyWidth, _valueWidth) = (rope > 0 ? rope : null, nope, null, rope + nope, value);
        if (rank is { } r && rope is { } dr && nope is { } dn && value is { } dv && groups is { } g && _queryHeads is { } heads && _dim is { } dim)
        {
            double expanded = (double)(heads / g) * (dn + dv);
            if (Math.Max((((double)g * r) + dr) * dim, expanded * r) > Array.MaxLength)
            {
                Add("ATTN0110", name, "rank");
                return;
            }

            if (r >= expanded / 2)
            {
                Add("ATTN0702", name, "rank");
            }

            if (r < dn + dv)
            {
                Add("ATTN0703", name, "rank");
            }
        }
    }

    private void Paths(string name)
    {
        Member(name, "DecodePath");
        if (_stack.Find(name)!["DecodePath"] is { Member: not null } && !IsCached)
        {
            Add("ATTN0709", name, "DecodePath");
        }
    }

    private bool IsCached => _stack.Has("Causal") && _stack.Find("Causal")!["align"]?.Member != "TopLeft";

    private bool Absorbs(string name) => _stack.Find(name)!["DecodePath"]?.Member == "Absorb";

    // No matrix crosses a norm of what latents are expanded to.
    private void KeyNorms()
    {
        if (!_stack.Has("QkNorm"))
        {
            return;
        }

        if (Absorbs("LatentKV"))
        {
            Fight("ATTN0707", "LatentKV", "QkNorm");
        }
        else
        {
            Add("ATTN0706", "QkNorm");
        }
    }

    // One latent a group of as many heads as the others have.
    private long? Groups()
    {
        long? groups = Count("GroupedLatentKV", "groups");
        if (groups > 64)
        {
            Add("ATTN0726", "GroupedLatentKV", "groups");
            return null;
        }

        if (groups is { } latents && _queryHeads is { } heads && heads % latents != 0)
        {
            Add("ATTN0725", "GroupedLatentKV", "groups");
            return null;
        }

        return groups;
    }

    // tanh(a + b) is not tanh(a) + tanh(b), and with a sink probabilities do not add up to 1.
    private void BiasesOfLatents()
    {
        if (_stack.Has("QkNorm"))
        {
            Fight("ATTN0727", "GroupedLatentKV", "QkNorm");
        }

        bool biased = _stack.Find("Attention")!["Bias"]?.Number == 1;
        foreach (string seeing in new[] { "LogitSoftCap", "AttentionSink" }.Where(seeing => biased && _stack.Has(seeing)))
        {
            if (Absorbs("GroupedLatentKV"))
            {
                Fight("ATTN0729", "GroupedLatentKV", seeing);
            }
            else if (IsCached)
            {
                Add("ATTN0728", seeing);
            }
        }
    }

    // A bottleneck wider than what it replaces is none.
    private void Bottleneck()
    {
        Positive("LowRankQuery", "Eps");
        bool known = _latentSound && _queryHeads is not null && _keyValueHeads is not null && _headDim is not null;
        if (Count("LowRankQuery", "rank") is { } rank && known && _dim is { } dim && _keyWidth is { } width)
        {
            double features = (double)_queryHeads!.Value * width;
            if (Math.Max(rank * (double)dim, rank * features) > Array.MaxLength)
            {
                Add("ATTN0110", "LowRankQuery", "rank");
            }
            else if (rank * (dim + features) >= dim * features)
            {
                Add("ATTN0711", "LowRankQuery", "rank");
            }
        }
    }
}

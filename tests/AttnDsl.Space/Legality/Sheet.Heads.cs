using System;
using System.Linq;

namespace AttnDsl.Space.Legality;

internal sealed partial class Sheet
{
    private static readonly string[] s_querySetters = ["SparseQuery", "SymmetricSparseQuery", "ExtremeSparseQuery", "ReverseSparseQuery"];

    private static readonly string[] s_counts = ["kv", "keyHeads", "valueHeads"];

    private long? _dim;
    private long? _declared;
    private long? _headDim;
    private long? _queryHeads;
    private long? _keyValueHeads;
    private long? _reverseKv;
    private long? _valueHeads;

    private void Heads()
    {
        Root();
        FightOverHeads();
        FightOverParts();
        _queryHeads = QueryHeads();
        _keyValueHeads = KeyValueHeads(_queryHeads);
        Compressed();
        Mixes();
        Latents();
        Parts();
        Sizes(_queryHeads, _keyValueHeads);
    }

    // D % H ≠ 0 is an error only where D / H is used.
    private void Root()
    {
        long? dim = _dim = Count("Attention", "dim");
        _declared = Count("Attention", "heads");
        if (Gives("Attention", "headDim") || Gives("Attention", "HeadDim"))
        {
            _headDim = Either("Attention", "headDim", "HeadDim", 1);
        }
        else if (dim is { } d && _declared is { } h)
        {
            if (d % h == 0)
            {
                _headDim = Narrowed(d, h);
            }
            else
            {
                Add("ATTN0201", "Attention", "heads");
            }
        }
    }

    // A factor of [Compressed] shares a part of the width out over the heads.
    private long? Narrowed(long dim, long heads)
    {
        string? argument = QueryFactor;
        long factor = argument is null ? 1 : _stack.Find("Compressed")![argument]!.Whole;
        return factor >= 1 && dim / heads / factor >= 1 ? dim / (heads * factor) : null;
    }

    // A parameter and a property of one meaning: both sound, and of one value.
    private long? Either(string attribute, string parameter, string property, long least)
    {
        long? first = Count(attribute, parameter, least);
        long? second = Count(attribute, property, least);
        bool bothGiven = Gives(attribute, parameter) && Gives(attribute, property);
        if (bothGiven && (first is null || second is null))
        {
            return null;
        }

        if (bothGiven && first != second)
        {
            Add("ATTN0108", attribute, property);
            return null;
        }

        return first ?? second;
    }

    private void FightOverHeads()
    {
        string[] setters = [.. s_querySetters.Where(_stack.Has)];
        for (int i = 0; i < setters.Length; i++)
        {
            for (int j = i + 1; j < setters.Length; j++)
            {
                Fight("ATTN0211", setters[i], setters[j], overHeads: true);
            }
        }

        if (_stack.Has("MultiQuery") && _stack.Has("GroupedQuery"))
        {
            Fight("ATTN0210", "MultiQuery", "GroupedQuery", overHeads: true);
        }

        foreach (string latent in s_latents.Where(_stack.Has))
        {
            foreach (string setter in s_keyValueSetters.Where(_stack.Has))
            {
                Fight("ATTN0700", latent, setter, overHeads: true);
            }

            // A factor of keys and values sets their heads, which a latent layer has none of.
            foreach (string part in s_onProjections.Where(_stack.Has))
            {
                Fight("ATTN0712", latent, part, overHeads: part == "Compressed");
            }
        }

        if (s_latents.All(_stack.Has))
        {
            Fight("ATTN0722", "LatentKV", "GroupedLatentKV", overHeads: true);
        }

        if (_stack.Has("TiedKV"))
        {
            FightOverStates();
        }

        foreach (string setter in new[] { "GroupedQuery", "MultiQuery" }.Where(_stack.Has))
        {
            if (_stack.Has("ReverseSparseQuery"))
            {
                Fight("ATTN0212", "ReverseSparseQuery", setter, overHeads: true);
            }

            // sSQA is Hq = Hkv = H/2; saying the same number once more is no contradiction.
            Stacks.Use use = _stack.Find(setter)!;
            long[] said = setter == "MultiQuery" ? [1] : [.. s_counts.Select(argument => use[argument]).Where(count => count is not null).Select(count => count!.Whole)];
            if (_stack.Has("SymmetricSparseQuery") && _declared is { } h && h % 2 == 0 && said.Any(kv => kv >= 1 && kv != h / 2))
            {
                Fight("ATTN0212", "SymmetricSparseQuery", setter, overHeads: true);
            }
        }
    }

    // A state is key and value of one head at once.
    private void FightOverStates()
    {
        foreach (string latent in s_latents.Where(_stack.Has))
        {
            Fight("ATTN0722", latent, "TiedKV", overHeads: true);
        }

        foreach (string part in s_onProjections.Where(_stack.Has))
        {
            Fight("ATTN0724", "TiedKV", part, overHeads: part == "Compressed");
        }

        if (_stack.Find("GroupedQuery") is { } grouped && grouped["keyHeads"]?.Whole is >= 1 and var keys && grouped["valueHeads"]?.Whole is >= 1 and var values && keys != values)
        {
            Fight("ATTN0723", "GroupedQuery", "TiedKV", overHeads: true);
        }
    }

    // 1 ≤ Hq ≤ H, and a ratio divides H.
    private long? QueryHeads()
    {
        long? query = _declared;
        foreach (string setter in s_querySetters.Where(_stack.Has))
        {
            query = setter switch
            {
                "SparseQuery" => SparseQuery(),
                "SymmetricSparseQuery" => Symmetric(),
                "ExtremeSparseQuery" => Extreme(),
                _ => Reverse(),
            };
        }

        return s_querySetters.Count(_stack.Has) > 1 ? null : query;
    }

    private long? SparseQuery()
    {
        const string Name = "SparseQuery";
        if (Gives(Name, "ratio") && Gives(Name, "Heads"))
        {
            Add("ATTN0207", Name, "Heads");
            return null;
        }

        if (Gives(Name, "ratio"))
        {
            long? query = Ratio(Name);
            if (query == _declared && query is not null)
            {
                Add("ATTN0209", Name, "ratio");
            }

            return query;
        }

        if (!Gives(Name, "Heads"))
        {
            Add("ATTN0208", Name);
            return null;
        }

        long? heads = AtMostDeclared(Name, "Heads", "ATTN0205");
        if (heads == _declared && heads is not null)
        {
            Add("ATTN0209", Name, "Heads");
        }

        return _declared is null ? null : heads;
    }

    private long? Ratio(string attribute)
    {
        if (Count(attribute, "ratio") is not { } ratio || _declared is not { } h)
        {
            return null;
        }

        if (h % ratio == 0)
        {
            return h / ratio;
        }

        Add("ATTN0204", attribute, "ratio");
        return null;
    }

    private long? AtMostDeclared(string attribute, string argument, string id)
    {
        long? value = Count(attribute, argument);
        if (value > _declared)
        {
            Add(id, attribute, argument);
            return null;
        }

        return value;
    }

    private long? Symmetric()
    {
        if (_declared % 2 == 1)
        {
            Add("ATTN0213", "SymmetricSparseQuery");
            return null;
        }

        return _declared / 2;
    }

    // The name stands for Hq ≤ H/4.
    private long? Extreme()
    {
        long? query = Ratio("ExtremeSparseQuery");
        if (4 * query > _declared)
        {
            Add("ATTN0214", "ExtremeSparseQuery", "ratio");
        }

        return query;
    }

    // Hkv % Hq when Hq < Hkv, Hq % Hkv otherwise; the name stands for Hq < Hkv, whose cost follows Hkv.
    private long? Reverse()
    {
        const string Name = "ReverseSparseQuery";
        long? heads = AtMostDeclared(Name, "heads", "ATTN0205");
        long? kv = AtMostDeclared(Name, "kv", "ATTN0206");
        _reverseKv = _declared is null ? null : kv;
        if (heads is { } q && kv is { } k)
        {
            string id = q < k ? (k % q == 0 ? "ATTN0215" : "ATTN0216") : q % k == 0 ? "ATTN0214" : "ATTN0202";
            Add(id, Name, "kv");
            _reverseKv = IsError(id) ? null : _reverseKv;
        }

        return _declared is null ? null : heads;
    }

    // 1 ≤ Hkv ≤ Hq, Hq % Hkv = 0.
    private long? KeyValueHeads(long? query)
    {
        long? keyValue = _stack.Has("ReverseSparseQuery") ? _reverseKv : query;
        if (_stack.Has("GroupedQuery"))
        {
            keyValue = Grouped(query);
        }

        if (_stack.Has("MultiQuery"))
        {
            keyValue = 1;
            if (query == 1 && !_fighting.Contains("MultiQuery"))
            {
                Add("ATTN0218", "MultiQuery");
            }
        }

        if (Gives("Compressed", "KvFactor") && _headDim is { } width && _stack.Find("Attention")!["dim"]!.Whole is var dim)
        {
            decimal channels = (decimal)_stack.Find("Compressed")!["KvFactor"]!.Whole * width;
            keyValue = channels >= 1 && dim / channels >= 1 ? (long)(dim / channels) : null;
        }

        keyValue = _foughtOverHeads || query is null ? null : keyValue;
        _valueHeads = keyValue is null ? null : _stack.Find("GroupedQuery")?["valueHeads"]?.Whole ?? keyValue;
        return keyValue;
    }

    // One count for both, or one for each; a count of its own divides the query heads as the common one does.
    private long? Grouped(long? query)
    {
        long?[] sound = [.. s_counts.Where(argument => Gives("GroupedQuery", argument)).Select(Divides)];
        if (sound.Length == 1 && sound[0] is { } kv && kv == query && kv == _declared && !_fighting.Contains("GroupedQuery"))
        {
            Add("ATTN0217", "GroupedQuery", "kv");
        }

        if (sound is [{ } keys, { } values])
        {
            if (keys == values)
            {
                Add("ATTN0741", "GroupedQuery", "valueHeads");
            }
            else if (keys > values)
            {
                Add("ATTN0740", "GroupedQuery", "keyHeads");
            }
        }

        return sound.Contains(null) ? null : sound[0];

        long? Divides(string argument)
        {
            long? count = Count("GroupedQuery", argument);
            if (count is { } heads && query is { } q && !_fighting.Contains("GroupedQuery") && (heads > q || q % heads != 0))
            {
                Add(heads > q ? "ATTN0203" : "ATTN0202", "GroupedQuery", argument);
                return null;
            }

            return count;
        }
    }

    // The query's feed-forward has a hidden layer; a key is narrower than its head.
    private void Mixes()
    {
        Count("AugmentedQuery", "width");
        if (Count("KeyWidth", "width") is { } narrow && _headDim is { } width && narrow >= width)
        {
            Add(narrow > width ? "ATTN0742" : "ATTN0743", "KeyWidth", "width");
        }
    }

    // A head axis is indexed by an int, and a weight is one array.
    private void Sizes(long? query, long? keyValue)
    {
        if (_stack.Find("Attention") is not { } root || root["dim"]!.Whole < 1 || query is not { } hq || keyValue is not { } hkv || _headDim is null || !_latentSound || _keyWidth is not { } keys || _valueWidth is not { } values)
        {
            return;
        }

        double features = (double)Math.Max(hq, hkv) * Math.Max(keys, values);
        if (features > int.MaxValue)
        {
            Add("ATTN0109", "Attention", root["headDim"] is not null ? "headDim" : root["HeadDim"] is not null ? "HeadDim" : "dim");
        }
        else if (features * root["dim"]!.Number > Array.MaxLength)
        {
            Add("ATTN0110", "Attention", "dim");
        }
        else
        {
            double convolved = (double)(hq + hkv) * keys;
            bool alone = _stack.Has("QKConv") && IsSound("QKConv");
            bool among = Switched("Convolution") && IsSound("Compressed");
            foreach ((bool has, string attribute, string argument, double rows) in new[]
            {
                (alone, "QKConv", "seq", convolved), (alone, "QKConv", "head", convolved * keys), (among, "Compressed", "SeqKernel", convolved), (among, "Compressed", "HeadKernel", convolved * keys),
            })
            {
                if (has && rows * (_stack.Find(attribute)![argument]?.Whole ?? 2) > Array.MaxLength)
                {
                    Add("ATTN0110", attribute, argument);
                }
            }

            if (IsSound("AugmentedQuery") && (double?)_stack.Find("AugmentedQuery")?["width"]!.Whole * hq * keys > Array.MaxLength)
            {
                Add("ATTN0110", "AugmentedQuery", "width");
            }

            if (_stack.Find("KeyWidth")?["width"]!.Whole is { } narrow && IsSound("KeyWidth") && (double)narrow * keys > Array.MaxLength)
            {
                Add("ATTN0110", "KeyWidth", "width");
            }
        }
    }
}

using System;
using System.Linq;

namespace AttnDsl.Space.Legality;

internal sealed partial class Sheet
{
    // What caches no keys and values of their own.
    private static readonly string[] s_oneStream = ["LatentKV", "GroupedLatentKV", "TiedKV"];

    // Only a causal layer aligned at the end can go on from what it kept.
    private void Caches()
    {
        Plain();
        Codes();
        Ring();
    }

    // The first S and the last R tokens.
    private void Ring()
    {
        if (_stack.Find("RingCache") is not { } ring)
        {
            return;
        }

        long? recent = Count("RingCache", "recent");
        long? sinks = ring["sinks"] is null ? 0 : Count("RingCache", "sinks", 0);
        Member("RingCache", "Evict");
        Member("RingCache", "Positions");
        bool? trims = ring["Evict"] is { } evict ? evict.Member is null ? null : evict.Member == "TrimAfter" : false;
        bool? slots = ring["Positions"] is { } positions ? positions.Member is null ? null : positions.Member == "Slot" : false;
        if (recent is { } r && sinks is { } s && _keyValueHeads is { } keys && _valueHeads is { } values && _headDim is { } width)
        {
            // A block of memory is an array and its alignment; a row has room for one token more than it keeps.
            decimal most = Math.Floor(2147483527m / ((decimal)Math.Max(keys, values) * width));
            if (r + s + 1 > most)
            {
                Add("ATTN0616", "RingCache", s > 0 && s + 2 > most ? "sinks" : "recent");
            }
        }

        long? left = _stack.Find("SlidingWindow") is { } window ? window["size"] is { } size ? size.Whole - 1 : window["left"]!.Whole : null;
        if (left >= 0)
        {
            if (sinks > 0)
            {
                Add("ATTN0612", "RingCache", "sinks");
            }

            // Evicting before the token that decodes costs it one.
            if (recent is { } kept && trims is { } after)
            {
                if (kept - (after ? 0 : 1) < left)
                {
                    Add("ATTN0611", "RingCache", "recent");
                }
                else if (!after && left > 0)
                {
                    Add("ATTN0613", "RingCache", ring["Evict"] is null ? null : "Evict");
                }
            }
        }

        if (sinks is { } first && slots is { } bySlot)
        {
            if (_stack.Has("Alibi") && first > 0 && !bySlot)
            {
                Add("ATTN0614", "RingCache", ring["Positions"] is null ? "sinks" : "Positions");
            }
            else if (bySlot && !_stack.Has("Alibi") && !_stack.Has("Rope"))
            {
                Add("ATTN0615", "RingCache", "Positions");
            }
        }

        if (!_stack.Has("Causal"))
        {
            Add("ATTN0601", "RingCache");
        }
        else if (_stack.Find("Causal")?["align"]?.Member == "TopLeft")
        {
            Fight("ATTN0602", "Causal", "RingCache");
        }

        if (_stack.Find("KvCache")?["Storage"]?.Member == "Paged")
        {
            Fight("ATTN0609", "KvCache", "RingCache");
        }

        if (_stack.Has("QuantizedCache"))
        {
            Fight("ATTN0610", "QuantizedCache", "RingCache");
        }

        foreach (string latent in s_latents.Where(_stack.Has))
        {
            Fight("ATTN0617", latent, "RingCache");
        }

        if (_stack.Has("TiedKV"))
        {
            Fight("ATTN0617", "TiedKV", "RingCache");
        }

        if (_stack.Has("KeyWidth"))
        {
            Fight("ATTN0617", "KeyWidth", "RingCache");
        }
    }

    private void Codes()
    {
        if (_stack.Find("QuantizedCache") is not { } codes)
        {
            return;
        }

        long? bits = Number(codes["bits"]?.Whole, "bits");
        if (bits is { } b && b != 2 && b != 4 && b != 8)
        {
            Add("ATTN0604", "QuantizedCache", "bits");
            bits = null;
        }

        long? group = Number(codes["Group"]?.Whole ?? 32, "Group");
        long? residual = Number(codes["Residual"]?.Whole ?? 128, "Residual");
        if (_coded is { } width)
        {
            if (group is { } g && width % g != 0)
            {
                Add("ATTN0605", "QuantizedCache", codes["Group"] is null ? null : "Group");
            }

            if (group is not null && bits is { } packed && width * packed % 32 != 0)
            {
                Add("ATTN0606", "QuantizedCache", "bits");
            }
        }

        if (bits is { } word && group is { } tokens && residual is { } kept && (kept % tokens != 0 || kept * word % 32 != 0))
        {
            Add("ATTN0607", "QuantizedCache", codes["Residual"] is null ? null : "Residual");
        }

        if (!_stack.Has("Causal"))
        {
            Add("ATTN0601", "QuantizedCache");
        }
        else if (_stack.Find("Causal")?["align"]?.Member == "TopLeft")
        {
            Fight("ATTN0602", "Causal", "QuantizedCache");
        }

        if (_stack.Find("KvCache")?["Storage"]?.Member == "Paged")
        {
            Fight("ATTN0608", "KvCache", "QuantizedCache");
        }

        long? Number(long? value, string argument)
        {
            if (value is < 1)
            {
                Add("ATTN0101", "QuantizedCache", argument);
                return null;
            }

            return value;
        }
    }

    // Storage of scalars.
    private void Plain()
    {
        if (!_stack.Has("KvCache"))
        {
            return;
        }

        Member("KvCache", "Element");
        foreach (string own in new[] { "KeyElement", "ValueElement" })
        {
            Member("KvCache", own);
            if (s_oneStream.Any(_stack.Has) && _stack.Find("KvCache")?[own] is { Member: not null })
            {
                Add("ATTN0618", "KvCache", own);
            }
        }

        Member("KvCache", "Storage");
        if (_stack.Find("KvCache")!["PageSize"] is { } size)
        {
            bool inPages = _stack.Find("KvCache")!["Storage"]?.Member == "Paged";
            bool known = _stack.Find("KvCache")!["Storage"] is not { } storage || storage.Member is not null;
            if (size.Whole < 1)
            {
                Add("ATTN0101", "KvCache", "PageSize");
            }
            else if (known && !inPages)
            {
                Add("ATTN0603", "KvCache", "PageSize");
            }
        }

        if (!_stack.Has("Causal"))
        {
            Add("ATTN0601", "KvCache");
        }
        else if (_stack.Find("Causal")?["align"]?.Member == "TopLeft")
        {
            Fight("ATTN0602", "Causal", "KvCache");
        }
    }
}

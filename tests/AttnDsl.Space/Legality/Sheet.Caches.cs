namespace AttnDsl.Space.Legality;

internal sealed partial class Sheet
{
    // Only a causal layer aligned at the end can go on from what it kept.
    private void Caches()
    {
        Plain();
        Codes();
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

namespace AttnDsl.Space.Legality;

internal sealed partial class Sheet
{
    // Only a causal layer aligned at the end can go on from what it kept.
    private void Caches()
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

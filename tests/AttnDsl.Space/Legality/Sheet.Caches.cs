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

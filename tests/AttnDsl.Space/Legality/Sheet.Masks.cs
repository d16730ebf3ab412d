namespace AttnDsl.Space.Legality;

internal sealed partial class Sheet
{
    private void Masks()
    {
        bool causal = _stack.Has("Causal");
        Member("Causal", "align");
        bool topLeft = _stack.Find("Causal")?["align"]?.Member == "TopLeft";
        if (topLeft)
        {
            Add("ATTN0404", "Causal", "align");
        }

        if (causal && _stack.Has("Bidirectional"))
        {
            Fight("ATTN0401", "Causal", "Bidirectional");
        }

        if (!_stack.Has("SlidingWindow"))
        {
            return;
        }

        if (topLeft)
        {
            Add("ATTN0405", "SlidingWindow");
        }

        if (Gives("SlidingWindow", "size"))
        {
            OneSided(causal);
        }
        else
        {
            TwoSided(causal);
        }
    }

    // W ≥ 1, the query's own key included; without a causal mask it would say nothing about later keys.
    private void OneSided(bool causal)
    {
        long? size = Count("SlidingWindow", "size");
        if (size is not null && !causal)
        {
            Add("ATTN0402", "SlidingWindow", "size");
        }

        if (size == 1)
        {
            Add("ATTN0406", "SlidingWindow", "size");
        }
    }

    private void TwoSided(bool causal)
    {
        long? left = Count("SlidingWindow", "left", 0);
        long? right = Count("SlidingWindow", "right", 0);
        if (left is null || right is null)
        {
            return;
        }

        if (causal && right > 0)
        {
            Add("ATTN0403", "SlidingWindow", "right");
        }

        if (left == 0 && (causal || right == 0))
        {
            Add("ATTN0406", "SlidingWindow", "left");
        }
    }
}

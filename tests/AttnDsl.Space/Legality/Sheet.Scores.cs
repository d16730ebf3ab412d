namespace AttnDsl.Space.Legality;

internal sealed partial class Sheet
{
    private void Scores()
    {
        if (_stack.Has("QueryScale"))
        {
            QueryScale();
        }

        if (_stack.Has("SelectiveValue"))
        {
            Selection();
        }

        // c > 0.
        Positive("LogitSoftCap", "cap");
        Member("QkNorm", "Form");
        Positive("QkNorm", "Eps");
        if (_stack.Has("QkNorm") && _normed == 1)
        {
            Add("ATTN0504", "QkNorm");
        }
    }

    // n >= 1, and fewer than the keys that there are; never trained.
    private void Selection()
    {
        const string Name = "SelectiveValue";
        long? top = Count(Name, "top");
        Add("ATTN0780", Name);
        if (top is null)
        {
            return;
        }

        bool causal = _stack.Has("Causal");
        if (_stack.Find("SlidingWindow") is { } window)
        {
            decimal? keys = window["size"] is { } size ? (causal && size.Whole >= 1 ? size.Whole : null)
                : window["left"]?.Whole >= 0 && window["right"]?.Whole >= 0 ? (decimal)window["left"]!.Whole + 1 + (causal ? 0 : window["right"]!.Whole)
                : null;
            Full(keys);
        }

        if (_stack.Find("RingCache") is { } ring && ring["recent"]?.Whole >= 1 && (ring["sinks"]?.Whole ?? 0) >= 0 && (ring["Evict"] is null or { Member: not null }))
        {
            Full((decimal)ring["recent"]!.Whole + (ring["sinks"]?.Whole ?? 0) + (ring["Evict"]?.Member == "TrimAfter" ? 1 : 0));
        }

        void Full(decimal? keys)
        {
            if (top >= keys)
            {
                Add("ATTN0782", Name, "top");
            }
        }
    }

    // Exactly one of the two; a scale above 1 is usual only between normed vectors.
    private void QueryScale()
    {
        const string Name = "QueryScale";
        bool scalar = Gives(Name, "preAttnScalar");
        bool scale = Gives(Name, "Scale");
        if (scalar == scale)
        {
            Add(scalar ? "ATTN0501" : "ATTN0502", Name, scalar ? "Scale" : null);
            return;
        }

        string argument = scalar ? "preAttnScalar" : "Scale";
        if (Positive(Name, argument) is { } value && (scalar ? value < 1 : value > 1) && !_stack.Has("QkNorm"))
        {
            Add("ATTN0503", Name, argument);
        }
    }
}

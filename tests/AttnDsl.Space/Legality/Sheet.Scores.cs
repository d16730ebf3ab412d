namespace AttnDsl.Space.Legality;

internal sealed partial class Sheet
{
    private void Scores()
    {
        if (_stack.Has("QueryScale"))
        {
            QueryScale();
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

using System.Linq;

namespace AttnDsl.Space.Legality;

internal sealed partial class Sheet
{
    private static readonly string[] s_parts = ["QKConv", "QKMean", "ValueShift", "QKL2Norm"];

    private bool Convolves => _stack.Has("QKConv") || Switched("Convolution");

    private bool SharesMeans => _stack.Has("QKMean") || Switched("QKMean");

    private bool Shifts => _stack.Has("ValueShift") || Switched("ValueShift");

    private bool Switched(string part) => _stack.Find("Compressed") is { } use && use[part]?.Number != 0;

    /// <summary>The factor of the queries, sound or not.</summary>
    private string? QueryFactor => Gives("Compressed", "factor") ? "factor" : Gives("Compressed", "QueryFactor") ? "QueryFactor" : null;

    private void FightOverParts()
    {
        foreach (string part in s_parts.Where(_stack.Has).Where(_ => _stack.Has("Compressed")))
        {
            Fight("ATTN0748", part, "Compressed");
        }

        foreach (string setter in new[] { "GroupedQuery", "MultiQuery", "SymmetricSparseQuery", "ReverseSparseQuery" }.Where(_stack.Has))
        {
            if (Gives("Compressed", "KvFactor"))
            {
                Fight("ATTN0210", setter, "Compressed", overHeads: true);
            }
        }

        foreach (string norm in new[] { "QKL2Norm", "Compressed" }.Where(_stack.Has))
        {
            if (_stack.Has("QkNorm") && (norm == "QKL2Norm" || Switched("L2Norm")))
            {
                Fight("ATTN0746", "QkNorm", norm);
            }
        }

        foreach (string joined in new[] { "QKConv", "QKMean", "Compressed" }.Where(_stack.Has))
        {
            if (_stack.Has("KeyWidth") && (joined != "Compressed" || Switched("Convolution") || Switched("QKMean")))
            {
                Fight("ATTN0749", "KeyWidth", joined);
            }

            if (_stack.Has("ReverseSparseQuery") && (joined == "QKMean" || (joined == "Compressed" && Switched("QKMean"))))
            {
                Fight("ATTN0751", "ReverseSparseQuery", joined, overHeads: joined == "Compressed");
            }
        }

        foreach (string late in new[] { "QKConv", "ValueShift", "Compressed" }.Where(_stack.Has))
        {
            if (late == "Compressed" && !Switched("Convolution") && !Switched("ValueShift"))
            {
                continue;
            }

            if (!_stack.Has("Causal"))
            {
                Add("ATTN0744", late);
            }

            if (_stack.Has("Segments"))
            {
                Add("ATTN0750", late);
            }
        }
    }

    // C1 = D/(Hq·d), C2 = D/(Hkv·d): a factor says a width, or the heads of keys and values.
    private void Compressed()
    {
        if (!_stack.Has("Compressed"))
        {
            return;
        }

        Kernels("Compressed", "SeqKernel", "HeadKernel", Switched("Convolution"));
        Member("Compressed", "Temperature");
        bool[] sound = [.. new[] { "factor", "QueryFactor", "KvFactor" }.Select(argument => !Gives("Compressed", argument) || Count("Compressed", argument) is not null)];
        if (!sound.All(s => s))
        {
            (_headDim, _keyValueHeads) = (null, null);
            return;
        }

        if (Gives("Compressed", "factor") && (Gives("Compressed", "QueryFactor") || Gives("Compressed", "KvFactor")))
        {
            Add("ATTN0755", "Compressed", Gives("Compressed", "QueryFactor") ? "QueryFactor" : "KvFactor");
            (_headDim, _keyValueHeads) = (null, null);
            return;
        }

        long? dim = _stack.Find("Attention")!["dim"]!.Whole is >= 1 and var d ? d : null;
        if (dim is { } channels && _declared is { } heads)
        {
            if (QueryFactor is { } argument)
            {
                long factor = _stack.Find("Compressed")![argument]!.Whole;
                bool own = Gives("Attention", "headDim") || Gives("Attention", "HeadDim");
                if (own && _headDim is { } given && (decimal)factor * heads * given != channels)
                {
                    Add("ATTN0757", "Compressed", argument);
                    (_headDim, _keyValueHeads) = (null, null);
                    return;
                }

                if (channels % heads == 0 && channels % (factor * heads) != 0)
                {
                    Add("ATTN0747", "Compressed", argument);
                    (_headDim, _keyValueHeads) = (null, null);
                    return;
                }
            }

            if (_headDim is { } width && _queryHeads is { } query && (decimal)query * width >= channels)
            {
                Add("ATTN0752", "Compressed", QueryFactor);
            }
        }

        if (Gives("Compressed", "KvFactor") && dim is { } all && _headDim is { } wide && _queryHeads is { } hq)
        {
            decimal channelsOfKeys = (decimal)_stack.Find("Compressed")!["KvFactor"]!.Whole * wide;
            long kv = all % channelsOfKeys == 0 ? (long)(all / channelsOfKeys) : 0;
            if (kv < 1 || kv > hq || hq % kv != 0)
            {
                if (!_fighting.Contains("Compressed"))
                {
                    Add("ATTN0756", "Compressed", "KvFactor");
                }

                (_headDim, _keyValueHeads) = (null, null);
            }
        }
    }

    private void Parts()
    {
        if (_stack.Has("QKConv"))
        {
            Kernels("QKConv", "seq", "head", used: true);
        }

        Member("QKL2Norm", "temperature");
        if (Shifts && _headDim is not null && _latentSound && _valueWidth is { } width && _valueHeads is { } values && _queryHeads is not null && _keyValueHeads is not null && _stack.Find("Attention")!["dim"]!.Whole >= 1)
        {
            // Two attributes that both shift are refused, and each is looked at.
            foreach (string late in new[] { "ValueShift", "Compressed" }.Where(name => _stack.Has(name) && (name == "ValueShift" || Switched("ValueShift"))))
            {
                if (values * (decimal)width % 2 != 0)
                {
                    Add("ATTN0745", late);
                }
                else if (values % 2 != 0)
                {
                    Add("ATTN0753", late);
                }
            }
        }
    }

    private void Kernels(string attribute, string seq, string head, bool used)
    {
        long? first = Gives(attribute, seq) ? Count(attribute, seq) : 2;
        long? second = Gives(attribute, head) ? Count(attribute, head) : 2;
        if (used && first == 1 && second == 1)
        {
            Add("ATTN0754", attribute, Gives(attribute, head) ? head : seq);
        }
    }
}

using System;
using System.Linq;

namespace AttnDsl.Space.Legality;

internal sealed partial class Sheet
{
    // Frequencies and slopes are constants in the generated code.
    private const long LargestTable = 16384;

    private void Positions()
    {
        if (_stack.Has("Alibi") && _queryHeads is { } hq && _keyValueHeads is { } hkv && Math.Max(hq, hkv) > LargestTable)
        {
            Add("ATTN0111", "Alibi");
        }

        if (_stack.Has("Rope"))
        {
            Rope();
        }

        if (_stack.Has("Yarn"))
        {
            Yarn();
        }

        if (_stack.Has("Rope") && _stack.Has("Alibi"))
        {
            Add("ATTN0301", "Alibi");
        }
    }

    // θ > 1, pairs of channels, rotary dim ≤ d.
    private void Rope()
    {
        if (Real("Rope", "theta") <= 1)
        {
            Add("ATTN0303", "Rope", "theta");
        }

        Member("Rope", "layout");
        Count("Rope", "FrequencyStride");
        bool given = Gives("Rope", "rotaryDim") || Gives("Rope", "RotaryDim");
        if (!given)
        {
            if (_rotated % 2 == 1)
            {
                Add("ATTN0304", "Rope");
            }
            else if (_rotated > 2 * LargestTable)
            {
                Add("ATTN0111", "Rope");
            }
        }
        else if (Either("Rope", "rotaryDim", "RotaryDim", 2) is { } rotary)
        {
            string argument = Gives("Rope", "rotaryDim") ? "rotaryDim" : "RotaryDim";
            if (rotary > _rotated)
            {
                Add("ATTN0305", "Rope", argument);
            }
            else if (rotary % 2 == 1)
            {
                Add("ATTN0304", "Rope", argument);
            }
            else if (rotary > 2 * LargestTable)
            {
                Add("ATTN0111", "Rope", argument);
            }
        }
    }

    private void Yarn()
    {
        const string Name = "Yarn";
        if (!_stack.Has("Rope"))
        {
            Add("ATTN0302", Name);
        }

        double? factor = Real(Name, "factor");
        if (factor <= 1)
        {
            Add(factor == 1 ? "ATTN0310" : "ATTN0309", Name, "factor");
        }

        if (Real(Name, "mscale") < 0)
        {
            Add("ATTN0102", Name, "mscale");
        }

        Member(Name, "ScaleOn");
        foreach (string _ in s_latents.Where(latent => _stack.Has(latent) && _stack.Find(Name)!["ScaleOn"]?.Member == "Rotation"))
        {
            Add("ATTN0708", Name, "ScaleOn");
        }

        long? length = Count(Name, "originalLength");
        double? fast = Gives(Name, "betaFast") ? Positive(Name, "betaFast") : 32;
        double? slow = Gives(Name, "betaSlow") ? Positive(Name, "betaSlow") : 1;
        if (fast <= slow)
        {
            Add("ATTN0307", Name, Gives(Name, "betaFast") || !Gives(Name, "betaSlow") ? "betaFast" : "betaSlow");
        }
        else if (length is { } tokens && fast is { } most && slow is { } least)
        {
            Ramp(tokens, most, least);
        }
    }

    /// <summary>Unrounded, 0 &lt; low &lt; high &lt; pairs − 1, said about wavelengths: the first pair turns more often than the fast bound, and the last one less often than the slow one.</summary>
    private void Ramp(double tokens, double fast, double slow)
    {
        int rope = Index("Rope");
        bool broken = _faults.Any(fault => fault.Index == rope && IsError(fault.Id));
        if (rope < 0 || broken || _rotated is not { } width)
        {
            return;
        }

        Stacks.Use use = _stack.Uses[rope];
        double rotary = (use["rotaryDim"] ?? use["RotaryDim"])?.Number ?? width;
        double theta = use["theta"]?.Number ?? 10000;
        double stride = use["FrequencyStride"]?.Number ?? 1;
        double pairs = rotary / 2;
        double Turns(double pair) => tokens / (2 * Math.PI * Math.Pow(theta, pair * stride / pairs));
        if (_stack.Find("Yarn")!["Rounded"] is { } given ? given.Number == 0 : !s_latents.Any(_stack.Has))
        {
            if (!(Turns(0) > fast && Turns(pairs - 1) < slow))
            {
                Add("ATTN0306", "Yarn", "originalLength");
            }

            return;
        }

        double Pair(double turns) => pairs / stride * (Math.Log(tokens / (turns * 2 * Math.PI)) / Math.Log(theta));
        double low = Math.Max(Math.Floor(Pair(fast)), 0);
        double high = Math.Min(Math.Ceiling(Pair(slow)), rotary - 1);
        if (low > high || low >= pairs - 1)
        {
            Add("ATTN0308", "Yarn", "originalLength");
        }
    }
}

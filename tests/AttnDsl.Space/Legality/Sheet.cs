using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Legality;

/// <summary>
/// What the mechanisms' papers and code allow, written down a second time and without the rule engine: one predicate per constraint. One mistake is one diagnostic:
/// a number that is wrong, or that two attributes fight over, is unknown (null) to every constraint that builds on it.
/// </summary>
internal sealed partial class Sheet
{
    private readonly Stack _stack;
    private readonly List<Fault> _faults = [];
    private readonly HashSet<string> _fighting = [];
    private bool _foughtOverHeads;

    private Sheet(Stack stack) => _stack = stack;

    /// <summary>Errors: ids of diagnostics that refuse a stack. All others advise.</summary>
    public static bool IsError(string id) => !s_advice.Contains(id);

    private static readonly HashSet<string> s_advice =
    [
        "ATTN0013", "ATTN0209", "ATTN0214", "ATTN0215", "ATTN0217", "ATTN0218", "ATTN0301", "ATTN0308", "ATTN0310", "ATTN0403", "ATTN0404", "ATTN0405", "ATTN0406", "ATTN0503", "ATTN0504", "ATTN0603", "ATTN0613", "ATTN0615",
        "ATTN0702", "ATTN0703", "ATTN0705", "ATTN0706", "ATTN0708", "ATTN0709", "ATTN0710", "ATTN0711", "ATTN0728", "ATTN0740", "ATTN0741", "ATTN0743", "ATTN0750", "ATTN0752", "ATTN0753", "ATTN0754", "ATTN0780", "ATTN0781", "ATTN0782",
    ];

    /// <summary>Every diagnostic the stack must get, in the order of attributes, then ids, then arguments.</summary>
    public static IReadOnlyList<Fault> Faults(Stack stack)
    {
        var sheet = new Sheet(stack);
        if (stack.Has("Attention"))
        {
            sheet.Twice();
            sheet.Heads();
            sheet.Positions();
            sheet.Masks();
            sheet.Scores();
            sheet.Caches();
        }
        else
        {
            sheet._faults.AddRange(stack.Uses.Select((_, index) => new Fault("ATTN0009", index, null)));
        }

        return Ordered(sheet._faults);
    }

    public static IReadOnlyList<Fault> Ordered(IEnumerable<Fault> faults) =>
        [.. faults.OrderBy(fault => fault.Index).ThenBy(fault => fault.Id, StringComparer.Ordinal).ThenBy(fault => fault.Argument, StringComparer.Ordinal)];

    /// <summary>Each attribute once.</summary>
    private void Twice()
    {
        for (int i = 0; i < _stack.Uses.Count; i++)
        {
            if (_stack.Uses.Take(i).Any(use => use.Attribute == _stack.Uses[i].Attribute))
            {
                _faults.Add(new Fault("ATTN0010", i, null));
            }
        }
    }

    private int Index(string attribute)
    {
        for (int i = 0; i < _stack.Uses.Count; i++)
        {
            if (_stack.Uses[i].Attribute == attribute)
            {
                return i;
            }
        }

        return -1;
    }

    private void Add(string id, string attribute, string? argument = null) => _faults.Add(new Fault(id, Index(attribute), argument));

    /// <summary>True while nothing is wrong with an attribute.</summary>
    private bool IsSound(string attribute) => !_faults.Any(fault => fault.Index == Index(attribute) && IsError(fault.Id));

    /// <summary>Two attributes that cannot both be meant: the later one is at fault, and the heads that both set are unknown.</summary>
    private void Fight(string id, string one, string other, bool overHeads = false)
    {
        _foughtOverHeads |= overHeads;
        Add(id, Index(one) > Index(other) ? one : other);
        _fighting.Add(one);
        _fighting.Add(other);
    }

    /// <summary>A whole number that must be at least <paramref name="least"/>; null when absent or wrong.</summary>
    private long? Count(string attribute, string argument, long least = 1)
    {
        if (_stack.Find(attribute)?[argument] is not { } given)
        {
            return null;
        }

        if (given.Whole < least)
        {
            Add(least == 0 ? "ATTN0102" : "ATTN0101", attribute, argument);
            return null;
        }

        return given.Whole;
    }

    /// <summary>A number that float32 can hold without losing it; null when absent or wrong.</summary>
    private double? Real(string attribute, string argument)
    {
        if (_stack.Find(attribute)?[argument] is not { } given)
        {
            return null;
        }

        float single = (float)given.Number;
        if (!double.IsFinite(given.Number))
        {
            Add("ATTN0104", attribute, argument);
            return null;
        }

        if (!float.IsFinite(single) || (given.Number != 0 && !float.IsNormal(single)))
        {
            Add("ATTN0105", attribute, argument);
            return null;
        }

        return given.Number;
    }

    /// <summary>A <see cref="Real"/> above 0.</summary>
    private double? Positive(string attribute, string argument)
    {
        double? value = Real(attribute, argument);
        if (value <= 0)
        {
            Add("ATTN0103", attribute, argument);
            return null;
        }

        return value;
    }

    private void Member(string attribute, string argument)
    {
        if (_stack.Find(attribute)?[argument] is { Member: null })
        {
            Add("ATTN0106", attribute, argument);
        }
    }

    private bool Gives(string attribute, string argument) => _stack.Find(attribute)?[argument] is not null;
}

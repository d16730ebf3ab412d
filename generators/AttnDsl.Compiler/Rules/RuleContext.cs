using System.Collections.Generic;
using AttnDsl.Compiler.Mechanisms;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Rules;

/// <summary>One check of one spec: takes violations, and knows which numbers earlier checks have made unknown so that later ones stay silent.</summary>
public sealed class RuleContext
{
    private readonly List<RuleViolation> _violations = [];
    private readonly HashSet<int> _broken = [];
    private readonly HashSet<int> _conflicting = [];
    private readonly HashSet<int> _unreadable = [];
    private readonly HeadLayout _layout;
    private HeadQuantities _unknown;

    public RuleContext(AttentionSpec spec)
    {
        Spec = spec;
        _layout = HeadLayout.Of(spec);
    }

    public AttentionSpec Spec { get; }

    /// <summary>In the order of reporting.</summary>
    public IReadOnlyList<RuleViolation> Violations => _violations;

    /// <summary>The layer's width, or null while it is unknown; at least 1 otherwise. The same holds for the other quantities.</summary>
    public long? Dim => Known(HeadQuantities.Dim, _layout.Dim);

    public long? DeclaredHeads => Known(HeadQuantities.DeclaredHeads, _layout.DeclaredHeads);

    public long? HeadDim => Known(HeadQuantities.HeadDim, _layout.HeadDim);

    public long? QueryHeads => Known(HeadQuantities.QueryHeads, _layout.QueryHeads);

    public long? KeyHeads => Known(HeadQuantities.KeyHeads, _layout.KeyHeads);

    public long? ValueHeads => Known(HeadQuantities.KeyHeads, _layout.ValueHeads);

    /// <summary>Channels of a head that positions may turn.</summary>
    public long? RotatedWidth => Known(HeadQuantities.RotatedWidth, _layout.RotatedWidth);

    /// <summary>Channels of a head that a norm per head sees.</summary>
    public long? NormedWidth => Known(HeadQuantities.NormedWidth, _layout.NormedWidth);

    /// <summary>Channels of a cached row that codes are grouped along; null as well where there are none.</summary>
    public long? CodedChannels => Known(HeadQuantities.CodedChannels, _layout.CodedChannels);

    /// <summary>The whole layout, or null when any of it is unknown.</summary>
    public HeadLayout? Layout => _unknown == HeadQuantities.None ? _layout : null;

    /// <summary>True while no error points at the attribute.</summary>
    public bool IsSound(AttributeSpec attribute) => !_broken.Contains(attribute.Index);

    /// <summary>True when another attribute contradicts this one.</summary>
    public bool InConflict(AttributeSpec attribute) => _conflicting.Contains(attribute.Index);

    /// <summary>True once per attribute: an attribute that cannot be read is reported once, however many arguments are lost.</summary>
    public bool FirstUnreadable(AttributeSpec attribute) => _unreadable.Add(attribute.Index);

    /// <summary>Marks two attributes as contradicting each other; what both set becomes unknown.</summary>
    public void Contradict(AttributeSpec first, AttributeSpec second, HeadQuantities both)
    {
        _conflicting.Add(first.Index);
        _conflicting.Add(second.Index);
        Spoil(both);
    }

    /// <summary>Makes quantities unknown, and those that are derived from them.</summary>
    public void Spoil(HeadQuantities quantities)
    {
        bool defaultWidth = Spec.Find("Attention") is not { } root || !AttentionSettings.GivesHeadDim(root);
        if (defaultWidth && (quantities & (HeadQuantities.Dim | HeadQuantities.DeclaredHeads)) != 0)
        {
            quantities |= HeadQuantities.HeadDim;
        }

        if ((quantities & HeadQuantities.HeadDim) != 0)
        {
            quantities |= (HeadQuantities.RotatedWidth | HeadQuantities.NormedWidth | HeadQuantities.CodedChannels) & ~_layout.OwnWidths;
        }

        if ((quantities & HeadQuantities.DeclaredHeads) != 0)
        {
            quantities |= HeadQuantities.QueryHeads;
        }

        if ((quantities & HeadQuantities.QueryHeads) != 0)
        {
            quantities |= HeadQuantities.KeyHeads;
        }

        _unknown |= quantities;
    }

    /// <summary>Makes quantities unknown unless the check that they rest on passed.</summary>
    public void RequireSound(bool sound, HeadQuantities quantities)
    {
        if (!sound)
        {
            Spoil(quantities);
        }
    }

    /// <summary>Reports a broken rule at an attribute, or at the type when it is null.</summary>
    public void Report(
        RuleDescriptor rule,
        AttributeSpec? attribute,
        string? argument,
        string[] arguments,
        string[]? legal = null,
        AttributeSpec? related = null)
    {
        int index = attribute?.Index ?? -1;
        if (rule.Severity == RuleSeverity.Error)
        {
            _broken.Add(index);
        }

        _violations.Add(new RuleViolation(
            rule,
            index,
            argument,
            EquatableArray.Of(arguments),
            related?.Index ?? -1,
            EquatableArray.Of(legal ?? [])));
    }

    // A quantity below 1 has been reported by whoever set it, or its attribute is broken in a way that only the layout sees.
    private long? Known(HeadQuantities quantity, long value) => (_unknown & quantity) == 0 && value >= 1 ? value : null;
}

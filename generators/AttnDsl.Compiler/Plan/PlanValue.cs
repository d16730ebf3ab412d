namespace AttnDsl.Compiler.Plan;

public enum ValueOrigin
{
    Input,
    Weight,
    Step,
}

/// <summary>A named tensor of a body, assigned once.</summary>
/// <remarks>Compared by reference: two bodies may both have a value called <c>q</c>.</remarks>
public sealed class PlanValue
{
    private string? _typeText;

    internal PlanValue(string name, TensorType type, ValueOrigin origin)
    {
        Name = name;
        Type = type;
        Origin = origin;
    }

    /// <summary>Unique within its body; for a weight its checkpoint name.</summary>
    public string Name { get; }

    public TensorType Type { get; }

    public ValueOrigin Origin { get; }

    /// <summary>Text of the type; every emitter asks for it.</summary>
    internal string TypeText => _typeText ??= Type.ToString();

    public override string ToString() => Name + " " + Type;
}

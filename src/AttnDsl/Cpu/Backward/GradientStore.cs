namespace AttnDsl.Cpu;

/// <summary>Where the gradients of single score heads lie until they are summed, in one block of memory.</summary>
internal unsafe struct GradientStore
{
    public float* Memory;

    private readonly long _part;
    private readonly long _keys;
    private readonly long _values;

    /// <param name="part">Floats of one part's query gradients.</param>
    /// <param name="parts">Parts, each with query gradients of its own.</param>
    /// <param name="keys">Floats of the key gradients.</param>
    /// <param name="values">Floats of the value gradients.</param>
    public GradientStore(long part, int parts, long keys, long values)
    {
        _part = Workspace.Padded(part);
        _keys = _part * parts;
        _values = _keys + Workspace.Padded(keys);
        HeadFloats = _values + Workspace.Padded(values);
    }

    /// <summary>Floats of one head.</summary>
    public long HeadFloats { get; }

    public readonly float* Query(int head, int part) => Memory + (head * HeadFloats) + (part * _part);

    public readonly float* Key(int head) => Memory + (head * HeadFloats) + _keys;

    public readonly float* Value(int head) => Memory + (head * HeadFloats) + _values;
}

namespace AttnDsl.Space.Legality;

/// <summary>A diagnostic that a stack must get.</summary>
/// <param name="Id">ATTN number.</param>
/// <param name="Index">Attribute at fault, counted from 0 in source order.</param>
/// <param name="Argument">Argument at fault, or null for the whole attribute.</param>
internal readonly record struct Fault(string Id, int Index, string? Argument)
{
    public override string ToString() => $"{Id} at attribute {Index}{(Argument is null ? "" : ", " + Argument)}";
}

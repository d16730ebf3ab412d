namespace AttnDsl.Cpu;

/// <summary>
/// A node of an expression over one score. An expression is a type: nodes hold their operands as fields, so the compiler sees one flat computation, and it is compiled here, at full speed, even for a program built for debugging.
/// Made by <see cref="Scores"/>.
/// </summary>
public interface IScoreNode
{
    /// <summary>The node's value for a vector of pairs with these scaled scores.</summary>
    TLanes Of<TLanes>(TLanes score, in PairLanes<TLanes> pair)
        where TLanes : unmanaged, ILanes<TLanes>;
}

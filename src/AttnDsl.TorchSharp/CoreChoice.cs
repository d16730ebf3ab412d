namespace AttnDsl.Torch;

/// <summary>The path that a call takes, and why.</summary>
/// <param name="Path">Never <see cref="CorePath.Auto"/>.</param>
/// <param name="Reason">In words.</param>
public sealed record CoreChoice(CorePath Path, string Reason);

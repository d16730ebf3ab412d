namespace AttnDsl;

/// <summary>
/// The rows of a weight that produce rotated channels: in each of <paramref name="Heads"/> blocks of <paramref name="HeadWidth"/> rows <paramref name="RotaryDim"/>, the first unless <paramref name="From"/> says otherwise.
/// They are permuted when a checkpoint's rotation layout is not the layer's.
/// </summary>
/// <param name="Heads">Blocks; 1 for a norm weight that all heads share.</param>
/// <param name="HeadWidth">Rows of one block.</param>
/// <param name="RotaryDim">Rotated rows of one block: even, from 2 to <paramref name="HeadWidth"/>.</param>
/// <param name="From">First rotated row of each block.</param>
public sealed record RotaryRows(int Heads, int HeadWidth, int RotaryDim, int From = 0);

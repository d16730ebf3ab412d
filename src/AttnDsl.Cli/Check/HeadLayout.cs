namespace AttnDsl.Cli.Check;

/// <summary>Order of the dimensions of q, k, v and a core's output in the file.</summary>
internal enum HeadLayout
{
    /// <summary>[batch, tokens, heads, width].</summary>
    BTHD,

    /// <summary>[batch, heads, tokens, width].</summary>
    BHTD,
}

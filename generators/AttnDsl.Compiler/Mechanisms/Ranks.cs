namespace AttnDsl.Compiler.Mechanisms;

/// <summary>The canonical order in which mechanisms apply: an axis per hundred, so that a new mechanism finds a free number.</summary>
public static class Ranks
{
    public const int Root = 0;
    public const int QueryHeads = 100;
    public const int KeyHeads = 200;

    /// <summary>Maps of projected vectors, which come before their normalisation.</summary>
    public const int Mix = 250;

    /// <summary>Normalisation of projected vectors, which comes before rotation.</summary>
    public const int Norm = 300;
    public const int Position = 400;
    public const int Mask = 500;
    public const int Score = 600;
    public const int Cache = 700;
}

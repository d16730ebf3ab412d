using System;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>The numbers of a <see cref="HeadLayout"/> that a mistake can make unknown.</summary>
[Flags]
public enum HeadQuantities
{
    None = 0,
    Dim = 1,
    DeclaredHeads = 2,
    HeadDim = 4,
    QueryHeads = 8,
    KeyHeads = 16,
    RotatedWidth = 32,
    NormedWidth = 64,
    CodedChannels = 128,
}

using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Tests.Rules;

/// <summary>Stacks and exactly what the rules say about them: <c>id@attribute index:argument</c>, index -1 for the type, no argument for the whole attribute.</summary>
public static class RuleCases
{
    private static readonly ArgumentValue s_invalid = new(ArgumentKind.Invalid, "", 0);

    public static IEnumerable<(Stack Stack, string Expected)> All => [.. Target, .. Values, .. Heads, .. Position, .. Mask, .. Score, .. Latents, .. Silent];

    private static IEnumerable<(Stack Stack, string Expected)> Target =>
    [
        (Layer.Self(self => self with { IsPartial = false }), "ATTN0001@-1"),
        (Layer.On(target => target with { Containing = Outer(partial: false) }), "ATTN0002@-1"),
        (Layer.On(target => target with { Containing = Outer(partial: true) }), ""),
        (Layer.Self(self => self with { IsStatic = true }), "ATTN0003@-1"),
        (Layer.Self(self => self with { IsStatic = true, IsAbstract = true }), "ATTN0003@-1"),
        (Layer.Self(self => self with { IsAbstract = true }), "ATTN0004@-1"),
        (Layer.Self(self => self with { Keyword = "record" }), "ATTN0005@-1"),
        (Layer.Self(self => self with { Keyword = "record struct" }), "ATTN0006@-1"),
        (Layer.Self(self => self with { Keyword = "struct", IsPartial = false }), "ATTN0001@-1 ATTN0006@-1"),
        (Layer.Self(self => self with { Keyword = "interface", IsAbstract = true }), "ATTN0006@-1"),
        (Layer.On(target => target with { IsFileLocal = true }), "ATTN0007@-1"),
        (Layer.On(target => target with { DeclaredMembers = EquatableArray.Of("Forward", "Weights") }), "ATTN0008@-1"),
        (Layer.On(target => target with { DeclaredMembers = EquatableArray.Of("Reference", "Spec") }), "ATTN0008@-1 ATTN0008@-1"),
        (Layer.On(target => target with { DeclaredMembers = EquatableArray.Of("spec", "Forward") }), ""),
        (Layer.Self(self => self with { Name = "Reference" }), "ATTN0008@-1"),
        (Layer.Self(self => self with { TypeParameters = EquatableArray.Of("@ReferenceSingle") }), "ATTN0008@-1"),
        (Layer.Self(self => self with { Name = "@class", TypeParameters = EquatableArray.Of("T") }), ""),
        (Stack.Of("GroupedQuery", ("kv", 0)).And("Causal").And("Unknown"), "ATTN0009@0 ATTN0009@1"),
        (Stack.Of("Causal").And("Causal").Self(self => self with { IsPartial = false }), "ATTN0009@0 ATTN0009@1"),
        (Layer.And("Causal").And("Causal").And("Causal"), "ATTN0010@2 ATTN0010@3"),
        (Layer.And("Attention", ("dim", 0), ("heads", 0)), "ATTN0010@1"),
        (Layer.On(target => target with { LanguageVersion = 1100 }), "ATTN0011@-1"),
        (Layer.On(target => target with { LanguageVersion = 730 }), "ATTN0011@-1"),
        (Layer.On(target => target with { LanguageVersion = 0 }), ""),
        (Layer.On(target => target with { LanguageVersion = 1400 }), ""),
    ];

    private static IEnumerable<(Stack Stack, string Expected)> Values =>
    [
        (Stack.Attention(dim: 0), "ATTN0101@0:dim"),
        (Stack.Attention(dim: -64, heads: 0), "ATTN0101@0:dim ATTN0101@0:heads"),
        (Stack.Attention(heads: int.MinValue), "ATTN0101@0:heads"),
        (Root(("headDim", 0)), "ATTN0101@0:headDim"),
        (Root(("HeadDim", -8)), "ATTN0101@0:HeadDim"),
        (Layer.And("GroupedQuery", ("kv", 0)), "ATTN0101@1:kv"),
        (Layer.And("SparseQuery", ("ratio", -2)), "ATTN0101@1:ratio"),
        (Layer.And("SparseQuery", ("Heads", 0)), "ATTN0101@1:Heads"),
        (Layer.And("ExtremeSparseQuery", ("ratio", 0)), "ATTN0101@1:ratio"),
        (Layer.And("ReverseSparseQuery", ("heads", 0), ("kv", -4)), "ATTN0101@1:heads ATTN0101@1:kv"),
        (Layer.And("Rope", ("rotaryDim", 0)), "ATTN0101@1:rotaryDim"),
        (Layer.And("Rope", ("RotaryDim", 1)), "ATTN0101@1:RotaryDim"),
        (Layer.And("Rope", ("FrequencyStride", 0)), "ATTN0101@1:FrequencyStride"),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 0)), "ATTN0101@2:originalLength"),
        (Layer.And("Causal").And("SlidingWindow", ("size", 0)), "ATTN0101@2:size"),
        (Layer.And("SlidingWindow", ("size", -1)), "ATTN0101@1:size"),
        (Layer.And("SlidingWindow", ("left", -1), ("right", 3)), "ATTN0102@1:left"),
        (Layer.And("Causal").And("SlidingWindow", ("left", -1), ("right", -3)), "ATTN0102@2:left ATTN0102@2:right"),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 4096), ("mscale", -1.0)), "ATTN0102@2:mscale"),
        (Layer.And("LogitSoftCap", ("cap", 0.0)), "ATTN0103@1:cap"),
        (Layer.And("LogitSoftCap", ("cap", -50.0)), "ATTN0103@1:cap"),
        (Layer.And("QueryScale", ("preAttnScalar", 0.0)), "ATTN0103@1:preAttnScalar"),
        (Layer.And("QueryScale", ("Scale", -0.125)), "ATTN0103@1:Scale"),
        (Layer.And("QkNorm", ("Eps", 0.0)), "ATTN0103@1:Eps"),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 4096), ("betaFast", 0.0), ("betaSlow", -1.0)), "ATTN0103@2:betaFast ATTN0103@2:betaSlow"),
        (Layer.And("LogitSoftCap", ("cap", double.NaN)), "ATTN0104@1:cap"),
        (Layer.And("LogitSoftCap", ("cap", double.PositiveInfinity)), "ATTN0104@1:cap"),
        (Layer.And("QueryScale", ("Scale", double.NaN)), "ATTN0104@1:Scale"),
        (Layer.And("Rope", ("theta", double.NaN)), "ATTN0104@1:theta"),
        (Layer.And("QkNorm", ("Eps", double.NegativeInfinity)), "ATTN0104@1:Eps"),
        (Layer.And("QueryScale", ("Scale", 1e300)), "ATTN0105@1:Scale"),
        (Layer.And("LogitSoftCap", ("cap", 1e-300)), "ATTN0105@1:cap"),
        (Layer.And("QkNorm", ("Eps", 1e-60)), "ATTN0105@1:Eps"),
        (Layer.And("Rope", ("theta", 1e39)), "ATTN0105@1:theta"),
        (Layer.And("Rope", ("layout", "7")), "ATTN0106@1:layout"),
        (Layer.And("Causal", ("align", "-1")), "ATTN0106@1:align"),
        (Layer.And("QkNorm", ("Form", "2")), "ATTN0106@1:Form"),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 4096), ("ScaleOn", "9")), "ATTN0106@2:ScaleOn"),
        (Stack.Of("Attention"), "ATTN0107@0"),
        (Stack.Of("Attention", ("dim", s_invalid), ("heads", s_invalid)).And("GroupedQuery", ("kv", 3)), "ATTN0107@0:dim"),
        (Stack.Of("Attention", ("dim", s_invalid), ("heads", 8)), "ATTN0107@0:dim"),
        (Layer.And("GroupedQuery"), "ATTN0107@1"),
        (Layer.And("LogitSoftCap", ("cap", "high")), "ATTN0107@1:cap"),
        (Layer.And("GroupedQuery", ("kv", 2.0)), "ATTN0107@1:kv"),
        (Root(("Bias", 1)), "ATTN0107@0:Bias"),
        (Layer.And("SlidingWindow", ("left", 2)), "ATTN0107@1"),
        (Root(("headDim", 8), ("HeadDim", 16)), "ATTN0108@0:HeadDim"),
        (Root(("headDim", 8), ("HeadDim", 8)), ""),
        (Layer.And("Rope", ("rotaryDim", 4), ("RotaryDim", 6)), "ATTN0108@1:RotaryDim"),
        (Stack.Of("Attention", ("dim", 64), ("heads", 65536), ("headDim", 65536)), "ATTN0109@0:headDim"),
        (Stack.Of("Attention", ("dim", 1), ("heads", int.MaxValue), ("HeadDim", int.MaxValue)), "ATTN0109@0:HeadDim"),
        (Stack.Attention(dim: 65536, heads: 1), "ATTN0110@0:dim"),
        (Stack.Attention(dim: int.MaxValue, heads: 1), "ATTN0110@0:dim"),
        (Stack.Of("Attention", ("dim", 65536), ("heads", 32768), ("headDim", 1)), "ATTN0110@0:dim"),
        (Stack.Attention(dim: 46340, heads: 20), ""),
        (Stack.Of("Attention", ("dim", 1), ("heads", 1), ("headDim", 65536)).And("Rope"), "ATTN0111@1"),
        (Stack.Of("Attention", ("dim", 1), ("heads", 1), ("headDim", 65536)).And("Rope", ("rotaryDim", 32770)), "ATTN0111@1:rotaryDim"),
        (Stack.Of("Attention", ("dim", 1), ("heads", 1), ("headDim", 65536)).And("Rope", ("rotaryDim", 32768)), ""),
        (Stack.Of("Attention", ("dim", 1), ("heads", 16385), ("headDim", 1)).And("Alibi"), "ATTN0111@1"),
        (Stack.Of("Attention", ("dim", 1), ("heads", 16384), ("headDim", 1)).And("Alibi"), ""),
    ];

    private static IEnumerable<(Stack Stack, string Expected)> Heads =>
    [
        (Stack.Attention(dim: 50, heads: 6), "ATTN0201@0:heads"),
        (Stack.Attention(dim: 4, heads: 8), "ATTN0201@0:heads"),
        (Stack.Of("Attention", ("dim", 50), ("heads", 6), ("headDim", 8)), ""),
        (Stack.Attention(dim: 50, heads: 6).And("GroupedQuery", ("kv", 4)).And("Rope"), "ATTN0201@0:heads ATTN0202@1:kv"),
        (Stack.Attention(dim: 128, heads: 32).And("GroupedQuery", ("kv", 5)), "ATTN0202@1:kv"),
        (Layer.And("SparseQuery", ("ratio", 2)).And("GroupedQuery", ("kv", 3)), "ATTN0202@2:kv"),
        (Layer.And("GroupedQuery", ("kv", 3)).And("SparseQuery", ("ratio", 2)), "ATTN0202@1:kv"),
        (Layer.And("ReverseSparseQuery", ("heads", 8), ("kv", 3)), "ATTN0202@1:kv"),
        (Layer.And("GroupedQuery", ("kv", 16)), "ATTN0203@1:kv"),
        (Layer.And("GroupedQuery", ("kv", int.MaxValue)), "ATTN0203@1:kv"),
        (Layer.And("SparseQuery", ("ratio", 2)).And("GroupedQuery", ("kv", 8)), "ATTN0203@2:kv"),
        (Layer.And("ExtremeSparseQuery", ("ratio", 4)).And("GroupedQuery", ("kv", 4)), "ATTN0203@2:kv"),
        (Layer.And("SparseQuery", ("ratio", 3)).And("GroupedQuery", ("kv", 5)), "ATTN0204@1:ratio"),
        (Layer.And("ExtremeSparseQuery", ("ratio", 16)), "ATTN0204@1:ratio"),
        (Layer.And("SparseQuery", ("Heads", 9)), "ATTN0205@1:Heads"),
        (Layer.And("ReverseSparseQuery", ("heads", 9), ("kv", 8)), "ATTN0205@1:heads"),
        (Layer.And("ReverseSparseQuery", ("heads", 2), ("kv", 16)), "ATTN0206@1:kv"),
        (Layer.And("SparseQuery", ("ratio", 2), ("Heads", 4)).And("GroupedQuery", ("kv", 3)), "ATTN0207@1:Heads"),
        (Layer.And("SparseQuery"), "ATTN0208@1"),
        (Layer.And("SparseQuery", ("ratio", 1)), "ATTN0209@1:ratio"),
        (Layer.And("SparseQuery", ("Heads", 8)).And("GroupedQuery", ("kv", 2)), "ATTN0209@1:Heads"),
        (Layer.And("MultiQuery").And("GroupedQuery", ("kv", 2)), "ATTN0210@2"),
        (Layer.And("GroupedQuery", ("kv", 3)).And("MultiQuery"), "ATTN0210@2"),
        (Layer.And("SparseQuery", ("ratio", 2)).And("SymmetricSparseQuery"), "ATTN0211@2"),
        (Layer.And("ExtremeSparseQuery", ("ratio", 4)).And("SparseQuery", ("ratio", 2)), "ATTN0211@2"),
        (Layer.And("SparseQuery", ("ratio", 2)).And("ReverseSparseQuery", ("heads", 2), ("kv", 8)), "ATTN0211@2 ATTN0215@2:kv"),
        (Layer.And("SymmetricSparseQuery").And("ExtremeSparseQuery", ("ratio", 4)).And("GroupedQuery", ("kv", 4)), "ATTN0211@2"),
        (Layer.And("SymmetricSparseQuery").And("GroupedQuery", ("kv", 3)), "ATTN0212@2"),
        (Layer.And("GroupedQuery", ("kv", 8)).And("SymmetricSparseQuery"), "ATTN0212@2"),
        (Layer.And("SymmetricSparseQuery").And("GroupedQuery", ("kv", 4)), ""),
        (Layer.And("SymmetricSparseQuery").And("GroupedQuery", ("kv", 0)), "ATTN0101@2:kv"),
        (Layer.And("SymmetricSparseQuery").And("MultiQuery"), "ATTN0212@2"),
        (Stack.Attention(heads: 2).And("SymmetricSparseQuery").And("MultiQuery"), "ATTN0218@2"),
        (Layer.And("ReverseSparseQuery", ("heads", 2), ("kv", 4)).And("GroupedQuery", ("kv", 4)), "ATTN0212@2 ATTN0215@1:kv"),
        (Layer.And("MultiQuery").And("ReverseSparseQuery", ("heads", 2), ("kv", 4)), "ATTN0212@2 ATTN0215@2:kv"),
        (Stack.Attention(dim: 49, heads: 7).And("SymmetricSparseQuery").And("GroupedQuery", ("kv", 3)), "ATTN0213@1"),
        (Layer.And("ExtremeSparseQuery", ("ratio", 2)), "ATTN0214@1:ratio"),
        (Layer.And("ExtremeSparseQuery", ("ratio", 1)).And("GroupedQuery", ("kv", 2)), "ATTN0214@1:ratio"),
        (Layer.And("ReverseSparseQuery", ("heads", 4), ("kv", 2)), "ATTN0214@1:kv"),
        (Layer.And("ReverseSparseQuery", ("heads", 8), ("kv", 8)), "ATTN0214@1:kv"),
        (Layer.And("ReverseSparseQuery", ("heads", 2), ("kv", 4)), "ATTN0215@1:kv"),
        (Layer.And("ReverseSparseQuery", ("heads", 3), ("kv", 8)), "ATTN0216@1:kv"),
        (Layer.And("GroupedQuery", ("kv", 8)), "ATTN0217@1:kv"),
        (Stack.Attention(heads: 1).And("MultiQuery"), "ATTN0218@1"),
    ];

    private static IEnumerable<(Stack Stack, string Expected)> Position =>
    [
        (Layer.And("Rope").And("Alibi"), "ATTN0301@2"),
        (Layer.And("Alibi").And("Rope"), "ATTN0301@1"),
        (Layer.And("Yarn", ("factor", 32.0), ("originalLength", 4096)), "ATTN0302@1"),
        (Layer.And("Alibi").And("Yarn", ("factor", 0.5), ("originalLength", 1)), "ATTN0302@2 ATTN0309@2:factor"),
        (Layer.And("Rope", ("theta", 1.0)), "ATTN0303@1:theta"),
        (Layer.And("Rope", ("theta", 0.0)).And("Yarn", ("factor", 2.0), ("originalLength", 1)), "ATTN0303@1:theta"),
        (Stack.Attention(dim: 56, heads: 8).And("Rope"), "ATTN0304@1"),
        (Stack.Attention(dim: 56, heads: 8).And("Rope", ("rotaryDim", 6)), ""),
        (Stack.Attention(dim: 8, heads: 8).And("Rope"), "ATTN0304@1"),
        (Layer.And("Rope", ("rotaryDim", 5)), "ATTN0304@1:rotaryDim"),
        (Stack.Attention(dim: 50, heads: 6).And("Rope", ("rotaryDim", 5)), "ATTN0201@0:heads ATTN0304@1:rotaryDim"),
        (Layer.And("Rope", ("rotaryDim", 10)), "ATTN0305@1:rotaryDim"),
        (Layer.And("Rope", ("RotaryDim", int.MaxValue)), "ATTN0305@1:RotaryDim"),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 100)), "ATTN0306@2:originalLength"),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", int.MaxValue)), "ATTN0306@2:originalLength"),
        (Layer.And("Rope", ("rotaryDim", 2)).And("Yarn", ("factor", 4.0), ("originalLength", 4096)), "ATTN0306@2:originalLength"),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 100), ("Rounded", true)), ""),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 4096), ("betaFast", 1.0)), "ATTN0307@2:betaFast"),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 4096), ("betaSlow", 40.0)), "ATTN0307@2:betaSlow"),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 1), ("Rounded", true)), "ATTN0308@2:originalLength"),
        (Wide.And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", int.MaxValue), ("Rounded", true)), "ATTN0308@2:originalLength"),
        (Wide.And("Rope").And("Yarn", ("factor", 0.5), ("originalLength", 4096)), "ATTN0309@2:factor"),
        (Wide.And("Rope").And("Yarn", ("factor", -4.0), ("originalLength", 4096)), "ATTN0309@2:factor"),
        (Wide.And("Rope").And("Yarn", ("factor", 1.0), ("originalLength", 4096)), "ATTN0310@2:factor"),
    ];

    private static IEnumerable<(Stack Stack, string Expected)> Mask =>
    [
        (Layer.And("Causal").And("Bidirectional"), "ATTN0401@2"),
        (Layer.And("Bidirectional").And("Causal").And("SlidingWindow", ("size", 4)), "ATTN0401@2"),
        (Layer.And("SlidingWindow", ("size", 4)), "ATTN0402@1:size"),
        (Layer.And("Bidirectional").And("SlidingWindow", ("size", 4)), "ATTN0402@2:size"),
        (Layer.And("Bidirectional").And("SlidingWindow", ("left", 4), ("right", 0)), ""),
        (Layer.And("Causal").And("SlidingWindow", ("left", 4), ("right", 2)), "ATTN0403@2:right"),
        (Layer.And("SlidingWindow", ("left", int.MaxValue), ("right", int.MaxValue)).And("Causal"), "ATTN0403@1:right"),
        (Layer.And("Causal").And("SlidingWindow", ("left", 4), ("right", 0)), ""),
        (Layer.And("Causal", ("align", "TopLeft")), "ATTN0404@1:align"),
        (Layer.And("Causal", ("align", "TopLeft")).And("SlidingWindow", ("size", 4)), "ATTN0404@1:align ATTN0405@2"),
        (Layer.And("Causal").And("SlidingWindow", ("size", 1)), "ATTN0406@2:size"),
        (Layer.And("SlidingWindow", ("left", 0), ("right", 0)), "ATTN0406@1:left"),
        (Layer.And("Causal").And("SlidingWindow", ("size", int.MaxValue)), ""),
        (Layer.And("KvCache"), "ATTN0601@1"),
        (Layer.And("Causal").And("KvCache"), ""),
        (Layer.And("Causal", ("align", "TopLeft")).And("KvCache"), "ATTN0404@1:align ATTN0602@2"),
        (Layer.And("Causal").And("KvCache", ("PageSize", 32)), "ATTN0603@2:PageSize"),
        (Layer.And("Causal").And("KvCache", ("Storage", "Paged"), ("PageSize", 32)), ""),
        (Layer.And("Causal").And("KvCache", ("Storage", "Paged"), ("PageSize", 0)), "ATTN0101@2:PageSize"),
        (Layer.And("QuantizedCache", ("bits", 4), ("Group", 8), ("Residual", 8)), "ATTN0601@1"),
        (Layer.And("Causal").And("QuantizedCache", ("bits", 4), ("Group", 8), ("Residual", 8)), ""),
        (Layer.And("Causal", ("align", "TopLeft")).And("QuantizedCache", ("bits", 4), ("Group", 8), ("Residual", 8)), "ATTN0404@1:align ATTN0602@2"),
        (Layer.And("Causal").And("QuantizedCache", ("bits", 0), ("Group", 8), ("Residual", 8)), "ATTN0101@2:bits"),
        (Layer.And("Causal").And("QuantizedCache", ("bits", 4)), "ATTN0605@2"),
        (Layer.And("Causal").And("QuantizedCache", ("bits", 3), ("Group", 8), ("Residual", 8)), "ATTN0604@2:bits"),
        (Layer.And("Causal").And("QuantizedCache", ("bits", 4), ("Group", 3), ("Residual", 24)), "ATTN0605@2:Group"),
        (Layer.And("Causal").And("QuantizedCache", ("bits", 4), ("Group", 8), ("Residual", 12)), "ATTN0607@2:Residual"),
        (Layer.And("Causal").And("QuantizedCache", ("bits", 2), ("Group", 4), ("Residual", 8)), "ATTN0606@2:bits ATTN0607@2:Residual"),
        (Layer.And("KvCache", ("Storage", "Paged")).And("Causal").And("QuantizedCache", ("bits", 4), ("Group", 8), ("Residual", 8)), "ATTN0608@3"),
        (Layer.And("KvCache", ("Element", "BFloat16")).And("Causal").And("QuantizedCache", ("bits", 8), ("Group", 8), ("Residual", 8)), ""),
    ];

    private static IEnumerable<(Stack Stack, string Expected)> Score =>
    [
        (Layer.And("QueryScale", ("preAttnScalar", 64.0), ("Scale", 0.125)), "ATTN0501@1:Scale"),
        (Layer.And("QueryScale"), "ATTN0502@1"),
        (Layer.And("QueryScale", ("preAttnScalar", 0.0625)), "ATTN0503@1:preAttnScalar"),
        (Layer.And("QueryScale", ("Scale", 144.0)), "ATTN0503@1:Scale"),
        (Layer.And("QkNorm").And("QueryScale", ("Scale", 10.0)), ""),
        (Layer.And("QueryScale", ("preAttnScalar", 144)), ""),
        (Stack.Attention(dim: 8, heads: 8).And("QkNorm"), "ATTN0504@1"),
    ];

    private static IEnumerable<(Stack Stack, string Expected)> Latents =>
    [
        (Latent().And("GroupedQuery", ("kv", 2)), "ATTN0700@2"),
        (Stack.Attention(dim: 512).And("MultiQuery").And("LatentKV", ("rank", 100)), "ATTN0700@2 ATTN0703@2:rank"),
        (Latent().And("SymmetricSparseQuery"), "ATTN0700@2"),
        (Latent().And("ReverseSparseQuery", ("heads", 2), ("kv", 4)), "ATTN0215@2:kv ATTN0700@2 ATTN0702@1:rank"),
        (Latent().And("SparseQuery", ("ratio", 2)).And("Causal"), ""),
        (Stack.Attention(dim: 512).And("LatentKV", ("rank", 0), ("ropeDim", -1), ("nopeDim", 0), ("valueDim", 64)), "ATTN0101@1:nopeDim ATTN0101@1:rank ATTN0102@1:ropeDim"),
        (Stack.Attention(dim: 512).And("LatentKV", ("rank", 128), ("ropeDim", 8), ("RopeDim", 6)), "ATTN0108@1:RopeDim"),
        (Stack.Attention(dim: 512).And("LatentKV", ("rank", 128), ("RopeDim", 7)).And("Rope"), "ATTN0701@1:RopeDim"),
        (Stack.Attention(dim: 512).And("LatentKV", ("rank", 512)), "ATTN0702@1:rank"),
        (Stack.Attention(dim: 512).And("LatentKV", ("rank", 100)), "ATTN0703@1:rank"),
        (Stack.Attention(dim: 512).And("LatentKV", ("rank", 128), ("RopeDim", 0)).And("Rope"), "ATTN0704@1:RopeDim"),
        (Stack.Attention(dim: 16).And("LatentKV", ("rank", 4)).And("Rope").And("Causal"), "ATTN0704@1"),
        (Stack.Attention(dim: 512).And("LatentKV", ("rank", 128), ("RopeDim", 8)), "ATTN0705@1:RopeDim"),
        (Latent().And("QkNorm").And("Causal"), "ATTN0706@2"),
        (Latent(("DecodePath", "Absorb")).And("QkNorm").And("Causal"), "ATTN0707@2"),
        (Latent(("DecodePath", "Expand")).And("QkNorm").And("Causal"), "ATTN0706@2"),
        (Latent().And("Rope").And("Yarn", ("factor", 40), ("originalLength", 4096), ("ScaleOn", "Rotation")).And("Causal"), "ATTN0708@3:ScaleOn"),
        (Latent().And("Rope").And("Yarn", ("factor", 40), ("originalLength", 4096)).And("Causal"), ""),
        (Latent(("DecodePath", "Expand")), "ATTN0709@1:DecodePath"),
        (Latent(("DecodePath", "Expand")).And("Causal", ("align", "TopLeft")), "ATTN0404@2:align ATTN0709@1:DecodePath"),
        (Latent(("LatentNorm", false), ("Eps", 1e-5)).And("Causal"), "ATTN0710@1:Eps"),
        (Latent(("Eps", 0.0)).And("Causal"), "ATTN0103@1:Eps"),
        (Latent().And("LowRankQuery", ("rank", 256)).And("Causal"), "ATTN0711@2:rank"),
        (Layer.And("LowRankQuery", ("rank", 16)), ""),
        (Layer.And("LowRankQuery", ("rank", 0), ("Eps", -1.0)), "ATTN0101@1:rank ATTN0103@1:Eps"),
        (Stack.Attention(dim: 512).And("LatentKV", ("rank", int.MaxValue)), "ATTN0110@1:rank"),
        (Latent().And("Rope", ("RotaryDim", 34)).And("Causal"), "ATTN0305@2:RotaryDim"),
        (Latent().And("Rope").And("Causal").And("QuantizedCache", ("bits", 4), ("Group", 24), ("Residual", 48)), ""),
        (Stack.Attention(dim: 500).And("LatentKV", ("rank", 100), ("ropeDim", 32), ("nopeDim", 40), ("valueDim", 40)).And("Rope"), "ATTN0201@0:heads"),
    ];

    /// <summary>8 heads of 64 channels from a latent of 128.</summary>
    private static Stack Latent(params (string Name, object Value)[] more) => Stack.Attention(dim: 512).And("LatentKV", [("rank", 128), .. more]);

    /// <summary>Published layers and other stacks that nothing is wrong with.</summary>
    private static IEnumerable<(Stack Stack, string Expected)> Silent =>
    [
        (Layer, ""),
        (Layer.And("Unknown", ("kv", -1)), ""),
        (new Stack(), ""),
        (Stack.Of("Unknown"), ""),
        (Stack.Attention(48, 6).And("GroupedQuery", ("kv", 2)).And("Rope", ("theta", 500000.0), ("layout", "Interleaved")).And("Causal"), ""),
        (Stack.Of("Attention", ("dim", 48), ("heads", 6), ("headDim", 16)).And("GroupedQuery", ("kv", 2)).And("QkNorm").And("Rope", ("theta", 1e6), ("layout", "HalfSplit")).And("Causal").And("SlidingWindow", ("size", 7)), ""),
        (Stack.Of("Attention", ("dim", 40), ("heads", 4), ("headDim", 32), ("Bias", true), ("OutputBias", true)).And("GroupedQuery", ("kv", 2)).And("Rope", ("theta", 150000)).And("Yarn", ("factor", 32), ("originalLength", 4096)).And("Causal").And("SlidingWindow", ("size", 8)).And("AttentionSink"), ""),
        (Stack.Of("Attention", ("dim", 40), ("heads", 4), ("headDim", 16)).And("GroupedQuery", ("kv", 2)).And("QueryScale", ("preAttnScalar", 24)).And("LogitSoftCap", ("cap", 5)).And("Rope").And("Causal"), ""),
        (Stack.Attention(96, 6).And("GroupedQuery", ("kv", 2)).And("LogitSoftCap", ("cap", 8)).And("Alibi").And("Causal").And("SlidingWindow", ("size", 10)), ""),
        (Stack.Attention(48, 8).And("SparseQuery", ("ratio", 2)).And("GroupedQuery", ("kv", 2)).And("Rope").And("Causal").And("Segments"), ""),
        (Stack.Attention(48, 8).And("SymmetricSparseQuery").And("Rope"), ""),
        (Stack.Attention(48, 8).And("ExtremeSparseQuery", ("ratio", 4)).And("MultiQuery").And("Rope").And("Causal"), ""),
        (Stack.Attention(2048, 16).And("SparseQuery", ("Heads", 12)).And("GroupedQuery", ("kv", 4)).And("Bidirectional"), ""),
        (Stack.Of("Attention", ("dim", 48), ("heads", 3), ("headDim", 16)).And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 16), ("betaFast", 4.0), ("betaSlow", 1.0), ("mscale", 0.707), ("Rounded", true), ("ScaleOn", "Softmax")).And("Causal"), ""),
    ];

    private static Stack Layer => Stack.Attention();

    /// <summary>Heads wide enough for an unrounded YaRN ramp.</summary>
    private static Stack Wide => Stack.Attention(dim: 512);

    private static Stack Root(params (string Name, object Value)[] more) => Stack.Of("Attention", [("dim", 64), ("heads", 8), .. more]);

    private static EquatableArray<TypeHeader> Outer(bool partial) =>
        EquatableArray.Of(new TypeHeader("class", "Outer", default, partial, true, false, "public"));
}

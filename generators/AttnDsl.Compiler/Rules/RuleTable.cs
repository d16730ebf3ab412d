using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace AttnDsl.Compiler.Rules;

/// <summary>Every rule. Errors: the numbers would be wrong or cannot exist. Warnings: legal, but surprising or slow. Info: advice. Each id has a page in docs/diagnostics.</summary>
public static class RuleTable
{
    // 00xx: the annotated type
    public static readonly RuleDescriptor NotPartial = Error(
        "ATTN0001", "The type is not partial", "'{0}' must be partial: the generated members go into another part of it");

    public static readonly RuleDescriptor ContainingTypeNotPartial = Error(
        "ATTN0002", "A containing type is not partial", "'{0}', which contains '{1}', must be partial: the generated file reopens every containing type");

    public static readonly RuleDescriptor StaticType = Error(
        "ATTN0003", "The type is static", "'{0}' must not be static: a layer's class is a type argument and can be instantiated");

    public static readonly RuleDescriptor AbstractType = Error(
        "ATTN0004", "The type is abstract", "'{0}' must not be abstract: a layer's class can be instantiated");

    public static readonly RuleDescriptor RecordType = Error(
        "ATTN0005", "The type is a record", "'{0}' must be a class, not a record: a layer has no value equality and no copies");

    public static readonly RuleDescriptor NotAClass = Error(
        "ATTN0006", "The type is not a class", "'{0}' must be a class, not {1}");

    public static readonly RuleDescriptor FileLocalType = Error(
        "ATTN0007", "The type is file-local", "'{0}' must not be a file type: no other file, and so no generated one, can reopen it");

    public static readonly RuleDescriptor NameTaken = Error(
        "ATTN0008", "A generated name is taken", "'{0}': {1} is called {2}, which is the name of a generated member; rename it");

    public static readonly RuleDescriptor MissingAttention = Error(
        "ATTN0009", "[Attention] is missing", "[{0}] does nothing without [Attention]: add [Attention(dim: ..., heads: ...)] to the type");

    public static readonly RuleDescriptor DuplicateAttribute = Error(
        "ATTN0010", "An attribute is given twice", "[{0}] is given more than once, counting every part of the type; keep one");

    public static readonly RuleDescriptor LanguageVersionTooLow = Error(
        "ATTN0011", "The C# language version is too low", "The generated code needs C# {1} or later and this project uses C# {0}: set LangVersion to {1}, or to latest");

    public static readonly RuleDescriptor InternalFailure = Error(
        "ATTN0012", "The generator failed", "AttnDsl failed on '{0}' and generated nothing for it, which is a bug in AttnDsl: {1}: {2}");

    public static readonly RuleDescriptor BackendRefuses = Info(
        "ATTN0013", "A backend cannot run the combination", "The {0} backend is not generated for this combination: {1}");

    // 01xx: values of arguments
    public static readonly RuleDescriptor TooSmall = Error(
        "ATTN0101", "The value is too small", "{0}: {1} is below {2}; the nearest legal value is {2}");

    public static readonly RuleDescriptor Negative = Error(
        "ATTN0102", "The value is negative", "{0}: {1} is negative; the nearest legal value is 0");

    public static readonly RuleDescriptor NotPositive = Error(
        "ATTN0103", "The value is not positive", "{0}: {1} must be above 0");

    public static readonly RuleDescriptor NotFinite = Error(
        "ATTN0104", "The value is not finite", "{0}: {1} is not a finite number");

    public static readonly RuleDescriptor OutsideSingle = Error(
        "ATTN0105", "The value does not fit float32", "{0}: {1} becomes zero, subnormal or infinite in float32; legal magnitudes are 1.2E-38 to 3.4E+38");

    public static readonly RuleDescriptor NotAMember = Error(
        "ATTN0106", "The value is not a member of the enum", "{0}: {1} is not a member of the enum; the legal values are {2}");

    public static readonly RuleDescriptor NoUsableValue = Error(
        "ATTN0107", "An argument has no usable value", "[{0}] cannot be read: {1} is missing or not a constant of the right type");

    public static readonly RuleDescriptor GivenTwice = Error(
        "ATTN0108", "The same argument has two values", "{0}: {1} and {2} = {3} are the same argument with two values; keep one");

    public static readonly RuleDescriptor WidthTooLarge = Error(
        "ATTN0109", "Heads times width is too large", "{0} heads times {1} channels are {2}, beyond the largest legal width of 2147483647");

    public static readonly RuleDescriptor WeightTooLarge = Error(
        "ATTN0110", "A weight is too large", "{0} would have {1} x {2} = {3} elements, beyond the 2147483591 that an array can hold");

    public static readonly RuleDescriptor TableTooLarge = Error(
        "ATTN0111", "A table in the generated code is too large", "[{0}] would write {1} constants into the generated code, one per {2}; at most {3} are legal");

    // 02xx: heads
    public static readonly RuleDescriptor DimNotDivisible = Error(
        "ATTN0201", "dim is not divisible by heads", "dim: {0} is not divisible by heads: {1} and no headDim is given; {2}, or give headDim");

    public static readonly RuleDescriptor KvDoesNotDivide = Error(
        "ATTN0202", "Key/value heads do not divide the query heads", "{0}: {1} does not divide the {2} query heads; {3}");

    public static readonly RuleDescriptor KvExceedsQueryHeads = Error(
        "ATTN0203", "More key/value heads than query heads", "{0}: {1} is more than the {2} query heads; {3}");

    public static readonly RuleDescriptor RatioDoesNotDivide = Error(
        "ATTN0204", "The ratio does not divide the heads", "ratio: {0} does not divide the {1} heads of [Attention]; {2}");

    public static readonly RuleDescriptor QueryHeadsExceedDeclared = Error(
        "ATTN0205", "More query heads than declared", "{0}: {1} query heads are more than the {2} heads of [Attention]; {3}");

    public static readonly RuleDescriptor KvExceedsDeclared = Error(
        "ATTN0206", "More key/value heads than declared", "{0}: {1} key/value heads are more than the {2} heads of [Attention]; {3}");

    public static readonly RuleDescriptor SparseQueryTwice = Error(
        "ATTN0207", "[SparseQuery] has a ratio and Heads", "ratio: {0} and Heads = {1} both set the number of query heads; keep one");

    public static readonly RuleDescriptor SparseQueryEmpty = Error(
        "ATTN0208", "[SparseQuery] says no number", "[SparseQuery] needs a ratio or Heads, for example [SparseQuery(ratio: 2)] or [SparseQuery(Heads = 8)]");

    public static readonly RuleDescriptor NothingReduced = Info(
        "ATTN0209", "[SparseQuery] keeps every query head", "{0}: {1} keeps all {2} query heads: this is ordinary grouped-query attention and [SparseQuery] can go");

    public static readonly RuleDescriptor KvHeadsTwice = Error(
        "ATTN0210", "Two attributes set the key/value heads", "[{0}] and [{1}] both set the number of key/value heads; keep one");

    public static readonly RuleDescriptor QueryHeadsTwice = Error(
        "ATTN0211", "Two attributes set the query heads", "[{0}] and [{1}] both set the number of query heads; keep one");

    public static readonly RuleDescriptor PresetFixesKv = Error(
        "ATTN0212", "A preset already fixes the key/value heads", "[{0}] contradicts [{1}]: {2}; remove one, or use [SparseQuery] with [GroupedQuery]");

    public static readonly RuleDescriptor SymmetricNeedsEvenHeads = Error(
        "ATTN0213", "Half of an odd number of heads", "[SymmetricSparseQuery] keeps half of the heads and {0} is odd; {1}");

    public static readonly RuleDescriptor PresetOutsideRule = Warning(
        "ATTN0214", "A preset is used outside its rule", "[{0}] {1}, but the name stands for {2}; {3} says the same without the name");

    public static readonly RuleDescriptor ReverseCost = Warning(
        "ATTN0215", "The cost follows the key/value heads", "[ReverseSparseQuery] computes {0} score maps, one per key/value head, from {1} query heads: attention costs as much as with {0} query heads");

    public static readonly RuleDescriptor ReverseKvNotMultiple = Error(
        "ATTN0216", "kv is not a multiple of the query heads", "kv: {0} is not a multiple of the {1} query heads, which are repeated to match; {2}");

    public static readonly RuleDescriptor GroupsOfOne = Info(
        "ATTN0217", "Every query head has its own key/value head", "kv: {0} equals the number of heads: this is multi-head attention and [GroupedQuery] can go");

    public static readonly RuleDescriptor MultiQueryOnOneHead = Info(
        "ATTN0218", "[MultiQuery] on one query head", "[MultiQuery] changes nothing on one query head and can go");

    // 03xx: position
    public static readonly RuleDescriptor RopeAndAlibi = Warning(
        "ATTN0301", "Rotary positions together with ALiBi", "[{0}] and [{1}] both encode position; no published model was trained with the two together");

    public static readonly RuleDescriptor YarnWithoutRope = Error(
        "ATTN0302", "[Yarn] without [Rope]", "[{0}] rescales rotary frequencies and there are none; add [{1}]");

    public static readonly RuleDescriptor ThetaTooSmall = Error(
        "ATTN0303", "theta is not above 1", "theta: {0} must be above 1; 10000 is usual");

    public static readonly RuleDescriptor OddRotaryDim = Error(
        "ATTN0304", "The rotary dim is odd", "{0}: {1} is odd and rotation works on pairs of channels; {2}");

    public static readonly RuleDescriptor RotaryExceedsHead = Error(
        "ATTN0305", "The rotary dim exceeds the head width", "{0}: {1} is more than the {2} channels of a head; {3}");

    public static readonly RuleDescriptor YarnRange = Error(
        "ATTN0306", "The YaRN ramp is out of range", "originalLength: {0} puts the unrounded YaRN ramp between pairs {1} and {2}, but it needs 0 < low < high < {3}; {4}");

    public static readonly RuleDescriptor YarnBetaOrder = Error(
        "ATTN0307", "betaFast is not above betaSlow", "betaFast: {0} must be above betaSlow: {1}; 32 and 1 are usual");

    public static readonly RuleDescriptor YarnRampEmpty = Warning(
        "ATTN0308", "The YaRN ramp covers no frequency", "originalLength: {0} puts the rounded YaRN ramp between pairs {1} and {2}, while the last pair is {3}: no frequency is rescaled");

    public static readonly RuleDescriptor YarnFactorBelowOne = Error(
        "ATTN0309", "The YaRN factor is below 1", "factor: {0} is below 1: YaRN only lengthens a context; the nearest legal value is 1");

    public static readonly RuleDescriptor YarnFactorOne = Info(
        "ATTN0310", "The YaRN factor is 1", "factor: 1 changes nothing and [Yarn] can go");

    // 04xx: mask
    public static readonly RuleDescriptor CausalAndBidirectional = Error(
        "ATTN0401", "[Causal] together with [Bidirectional]", "[{0}] contradicts [{1}]; keep one");

    public static readonly RuleDescriptor OneSidedWindow = Error(
        "ATTN0402", "A one-sided window without [Causal]", "[{0}(size: {2})] says nothing about keys after the query and the layer is not causal; add [{1}], or give both sides, for example [{0}(left: {3}, right: {3})]");

    public static readonly RuleDescriptor HiddenRightSide = Warning(
        "ATTN0403", "[Causal] hides the window's right side", "right: {2} has no effect: [{1}] hides every key after the query; write right: 0, or [{0}(size: {3})]");

    public static readonly RuleDescriptor TopLeftHasNoCache = Info(
        "ATTN0404", "No cache for a top-left causal layer", "align: TopLeft counts from the first key, so no cache and no decode are generated; they exist for BottomRight");

    public static readonly RuleDescriptor TopLeftWindow = Warning(
        "ATTN0405", "A window counted from the first key", "[{0}] follows align: TopLeft of [{1}]: with more keys than queries it looks at the first keys, not at the newest");

    public static readonly RuleDescriptor WindowOfOne = Info(
        "ATTN0406", "A window of one key", "Every query sees only its own key, so the layer mixes no tokens");

    // 05xx: score
    public static readonly RuleDescriptor QueryScaleTwice = Error(
        "ATTN0501", "[QueryScale] has two scales", "preAttnScalar: {0} and Scale = {1} both set the score scale; keep one");

    public static readonly RuleDescriptor QueryScaleEmpty = Error(
        "ATTN0502", "[QueryScale] says no number", "[QueryScale] needs preAttnScalar or Scale, for example [QueryScale(preAttnScalar: 144)] or [QueryScale(Scale = 0.125)]");

    public static readonly RuleDescriptor QueryScaleAboveOne = Warning(
        "ATTN0503", "A score scale above 1", "{0}: {1} multiplies scores by {2}; scales are below 1 without [QkNorm], so perhaps [{3}] is meant");

    public static readonly RuleDescriptor NormOfWidthOne = Warning(
        "ATTN0504", "[QkNorm] on heads of one channel", "[QkNorm] on heads of one channel keeps only the sign of every query and key");

    // 06xx: cache
    public static readonly RuleDescriptor CacheWithoutCausal = Error(
        "ATTN0601", "A cache without [Causal]", "[{0}] needs [{1}]: only a causal layer can reuse what earlier tokens left");

    public static readonly RuleDescriptor CacheOfTopLeft = Error(
        "ATTN0602", "A cache for a top-left causal layer", "[{0}] does not go with [{1}] here: aligned TopLeft, a later token sees only the first keys, so there is nothing to append to; use [Causal] aligned BottomRight or remove the cache");

    public static readonly RuleDescriptor PageSizeWithoutPages = Warning(
        "ATTN0603", "A page size without pages", "PageSize: {0} cuts nothing: the cache is contiguous; add Storage = CacheStorage.Paged or remove PageSize");

    public static readonly RuleDescriptor CodeBits = Error(
        "ATTN0604", "Bits that no code has", "bits: {0} bits do not fill an int32 evenly; codes have 2, 4 or 8");

    public static readonly RuleDescriptor CodeGroup = Error(
        "ATTN0605", "A group that does not divide a value head", "Group: {0} does not divide the {1} channels of a value head, whose values are quantized in groups of channels; {2}");

    public static readonly RuleDescriptor CodePacking = Error(
        "ATTN0606", "Codes that do not fill their words", "bits: {0}: the {1} channels of a value head are no multiple of {2}, the codes of an int32; {3}");

    public static readonly RuleDescriptor CodeResidual = Error(
        "ATTN0607", "A residual that cuts groups", "Residual: {0} is no multiple of {1}, which groups of {2} tokens and int32 of {3} codes need; {4}");

    public static readonly RuleDescriptor CodesInPages = Error(
        "ATTN0608",
        "Codes in pages",
        "[{0}] does not go with [{1}] here: rows share pages, and quantizing the old tokens of one row would change them under another; store the cache contiguously or remove [QuantizedCache]");

    public static readonly RuleDescriptor RingInPages = Error(
        "ATTN0609", "A ring in pages", "[{0}] does not go with [{1}] here: a ring has one place per kept token and never grows, so there is nothing to page; store the cache contiguously or remove [RingCache]");

    public static readonly RuleDescriptor RingOfCodes = Error(
        "ATTN0610", "A ring of codes", "[{0}] does not go with [{1}]: keys are quantized over runs of tokens, and a ring lets go of tokens one by one; keep one");

    public static readonly RuleDescriptor RingOfOtherRows = Error(
        "ATTN0617", "A ring of rows that are not keys", "[{0}] does not go with [{1}]: a ring keeps keys and values as the scores read them, and [{0}] caches rows that keys are made of at every step; keep one, or write [KvCache(Storage = CacheStorage.Paged)] for a cache that shares its memory");

    public static readonly RuleDescriptor RingShorterThanWindow = Error(
        "ATTN0611", "A ring shorter than the window", "recent: {0} tokens are too few for the window of {1} keys, which reaches back to tokens that are gone: evicting {3} it needs {2}; {4}");

    public static readonly RuleDescriptor SinksBehindWindow = Error(
        "ATTN0612", "Sinks that a window hides", "sinks: {0} first tokens are kept and the window of {1} keys hides them; the nearest legal value is 0");

    public static readonly RuleDescriptor RoomUnderWindow = Warning(
        "ATTN0613", "Room is made under the window", "A step of more than {1} tokens makes room that the window of {0} keys still needs, so its first tokens see fewer keys; Evict = RingEviction.TrimAfter keeps them");

    public static readonly RuleDescriptor DistanceToSinks = Error(
        "ATTN0614", "Distances to sinks are lost", "[Alibi] counts distances by places in the cache, and {0} sinks come nearer there as tokens between are let go of; say so with Positions = RingPositions.Slot, or keep no sinks");

    public static readonly RuleDescriptor SlotsWithoutPositions = Warning(
        "ATTN0615", "Slot positions without positions", "Positions: Slot changes nothing, because no attribute of this layer gives tokens a position; add [Rope] or [Alibi], or write Absolute");

    public static readonly RuleDescriptor RingTooLarge = Error(
        "ATTN0616", "A ring is too large", "{0}: {1} recent tokens, {2} sinks and a new one, of {3} heads of {4} channels, exceed the {5} elements that one block of memory can have; {6}");

    public static readonly RuleDescriptor NoKeysAndValuesApart = Error(
        "ATTN0618", "Keys and values are not kept apart", "{0}: this layer's cache keeps no keys and values apart; Element says how all of it is stored");

    // 07xx: latents
    public static readonly RuleDescriptor KvHeadsOfLatent = Error(
        "ATTN0700",
        "Key/value heads of a latent layer",
        "[{0}] does not go with [{1}]: every query head makes its own keys and values from the latent, so there are no key/value heads to choose; keep one, and for fewer heads of a latent layer add [SparseQuery(ratio: 2)]");

    public static readonly RuleDescriptor OddSharedKey = Error(
        "ATTN0701", "An odd number of rotary channels", "ropeDim: {0} is odd and channels rotate in pairs; {1}");

    public static readonly RuleDescriptor LatentTooWide = Warning(
        "ATTN0702", "A latent that compresses nothing", "rank: {0} is at least half of the {1} channels of {2} heads' keys and values ({3} + {4} each), so the latent compresses them less than twice");

    public static readonly RuleDescriptor LatentTooNarrow = Warning(
        "ATTN0703", "A latent narrower than one head", "rank: {0} is less than {1}, the key and value channels of one head ({2} + {3}), so not even one head's can be independent");

    public static readonly RuleDescriptor NothingToTurn = Error(
        "ATTN0704", "A rotation without rotary channels", "[Rope] turns only the ropeDim channels beside the latent, and there are none; give an even ropeDim of at least 2, or remove [Rope]");

    public static readonly RuleDescriptor SharedKeyStands = Warning(
        "ATTN0705", "Rotary channels that nothing turns", "ropeDim: {0} channels beside the latent know no positions without [Rope]; add it, or write ropeDim: 0");

    public static readonly RuleDescriptor NormBehindLatent = Warning(
        "ATTN0706", "A key norm behind the latent", "[{0}] normalises the keys that [{1}] expands, which nothing can absorb, so every call over the cache expands all cached latents again; the latent has its own norm, LatentNorm");

    public static readonly RuleDescriptor NormAgainstAbsorb = Error(
        "ATTN0707", "A key norm that cannot be absorbed", "[{0}] does not go with [{1}] here: DecodePath.Absorb folds the expansion into the query, and a norm of expanded keys stands in between; write DecodePath.Expand or remove [QkNorm]");

    public static readonly RuleDescriptor YarnOnPartOfTheScore = Warning(
        "ATTN0708", "YaRN's factor on a part of the scores", "ScaleOn: Rotation scales the rotary part of the scores of [{1}] alone, which no published model does; leave ScaleOn out, or write YarnScale.Softmax");

    public static readonly RuleDescriptor PathWithoutCache = Info(
        "ATTN0709", "A decode path without a cache", "DecodePath: {0} has no effect: the layer has no cache, which needs [Causal] aligned BottomRight");

    public static readonly RuleDescriptor EpsilonWithoutNorm = Warning(
        "ATTN0710", "An epsilon without a norm", "Eps: {0} has no effect: LatentNorm is false");

    public static readonly RuleDescriptor QueryRankSavesNothing = Warning(
        "ATTN0711", "A query bottleneck that saves nothing", "rank: {0} makes the query weights {1} elements, no fewer than the {2} of a direct projection");

    public static readonly RuleDescriptor LatentWithoutProjections = Error(
        "ATTN0712", "Parts that a latent layer lacks", "[{0}] does not go with [{1}]: keys and values of a latent layer come from one latent per token, and [{1}] works on keys, values or queries that are projected from x; keep one, and to make a latent layer cheaper write a smaller rank or [SparseQuery(ratio: 2)]");

    // 072x to 073x: states that are keys and values at once, and latents in groups
    public static readonly RuleDescriptor NothingTied = Error(
        "ATTN0720", "Nothing is tied", "ropeDim: {0} leaves none of the {1} channels of a head to be key and value at once; {2}");

    public static readonly RuleDescriptor TiedWithoutRotation = Error(
        "ATTN0721", "A shared rotary key without [Rope]", "[{0}] needs [{1}]: the shared part of the keys is the only one that knows positions, and it gets them by turning");

    public static readonly RuleDescriptor SourcesTwice = Error(
        "ATTN0722", "Two attributes make keys and values", "[{0}] and [{1}] both say what keys and values are made of; keep one");

    public static readonly RuleDescriptor TiedHeadsApart = Error(
        "ATTN0723", "Tied states in two numbers", "[{0}] does not go with [{1}] here: a tied state is key and value of one head, so keyHeads: {2} and valueHeads: {3} must be one number; write [GroupedQuery(kv: {2})]");

    public static readonly RuleDescriptor TiedWithoutProjections = Error(
        "ATTN0724", "Parts that a tied layer lacks", "[{0}] does not go with [{1}]: keys and values of a tied layer are one state, and [{1}] works on queries, keys or values that are projected apart from each other; keep one, and to make a tied layer cheaper write fewer key/value heads or [SparseQuery(ratio: 2)]");

    public static readonly RuleDescriptor GroupsDoNotDivide = Error(
        "ATTN0725", "Latents that the heads cannot share out", "groups: {0} does not divide the {1} query heads, which read one latent each in groups of one size; {2}");

    public static readonly RuleDescriptor TooManyLatents = Error(
        "ATTN0726", "Too many latents", "groups: {0} latents would each have weights and steps of their own in the generated code; at most {1} are legal");

    public static readonly RuleDescriptor NormOfGroupedLatents = Error(
        "ATTN0727", "A key norm behind latents in groups", "[{0}] does not go with [{1}]: it normalises the keys that latents are expanded to, which nothing can absorb, and q_norm is the query bottleneck's norm in such checkpoints; the latents have norms of their own, LatentNorm");

    public static readonly RuleDescriptor BiasBehindLatents = Warning(
        "ATTN0728", "Biases behind the latents", "[{0}] sees the biases of the keys and values that [{1}] expands, which nothing can absorb then, so every call over the cache expands all cached latents again; leave out Bias of [Attention], or [{0}]");

    public static readonly RuleDescriptor BiasAgainstAbsorb = Error(
        "ATTN0729", "Biases that cannot be absorbed", "[{0}] does not go with [{1}] here: DecodePath.Absorb folds the expansion into query and output, and with Bias of [Attention] the expanded keys and values have biases that a cap or a sink sees; write DecodePath.Expand, or leave out Bias");

    // 074x to 077x: head counts and widths apart for queries, keys and values; what happens to them before the core
    public static readonly RuleDescriptor MoreKeysThanValues = Info(
        "ATTN0740", "More key heads than value heads", "keyHeads: {0} is more than valueHeads: {1}: models lose more by fewer value heads than by fewer key heads, so the counts are perhaps exchanged");

    public static readonly RuleDescriptor EqualHeadCounts = Info(
        "ATTN0741", "As many key heads as value heads", "valueHeads: {0} equals keyHeads: [GroupedQuery(kv: {0})] says the same");

    public static readonly RuleDescriptor KeysWiderThanHeads = Error(
        "ATTN0742", "Keys wider than the head", "width: {0} is more than the {1} channels of a head, to which keys are widened when they are read; {2}");

    public static readonly RuleDescriptor KeysAsWideAsHeads = Info(
        "ATTN0743", "Keys as wide as the head", "width: {0} is the width of a head: no key is narrowed and [KeyWidth] can go");

    public static readonly RuleDescriptor LookingBack = Error(
        "ATTN0744", "A look back without [Causal]", "[{0}] needs [{1}]: it takes from earlier tokens only, which says nothing where every token sees all others");

    public static readonly RuleDescriptor OddValueWidth = Error(
        "ATTN0745", "An odd number of value channels", "{0} value heads of {1} channels are {2} channels, and half of them come from the token before; an even number of heads or channels is legal");

    public static readonly RuleDescriptor TwoNorms = Error(
        "ATTN0746", "Two norms of queries and keys", "[{0}] and [{1}] both normalise queries and keys; keep one");

    public static readonly RuleDescriptor NarrowKeysInvolved = Error(
        "ATTN0749", "Narrow keys that queries are joined with", "[{0}] does not go with [{1}]: keys are kept narrow and widened when they are read, and here they meet the queries before that; keep one");

    public static readonly RuleDescriptor ReachOverSegments = Warning(
        "ATTN0750", "Reaching over the border of a segment", "[{0}] reaches back over the border of a segment, as its published code does: the first tokens of a packed sequence see the end of the one before");

    public static readonly RuleDescriptor FewerQueriesThanKeys = Error(
        "ATTN0751", "No group of query heads", "[{0}] does not go with [{1}]: a key head shares the mean with the query heads that read it, and here there are fewer query heads than key heads; keep one");

    public static readonly RuleDescriptor NothingCompressed = Warning(
        "ATTN0752", "Nothing is compressed", "{0} query heads of {1} channels are no less than the {2} channels of the layer: nothing is compressed; give a factor above 1, fewer heads or a smaller headDim");

    public static readonly RuleDescriptor HalvedValueHead = Warning(
        "ATTN0753", "A value head of two tokens", "{0} value heads are odd: the middle one is half of the present and half of the token before");

    public static readonly RuleDescriptor ConvolutionOfOne = Warning(
        "ATTN0754", "Convolutions over one token", "Both convolutions see one token: they are a factor per channel and a map per head, and nothing is gathered over time");

    public static readonly RuleDescriptor FactorDoesNotDivide = Error(
        "ATTN0747", "The factor leaves no whole head width", "{0}: {1} times {2} heads does not divide the {3} channels of the layer; {4}");

    public static readonly RuleDescriptor PartOfCompressed = Error(
        "ATTN0748", "A part and the whole", "[{0}] contradicts [{1}]: [Compressed] has its own, with switches to leave it out; keep one");

    public static readonly RuleDescriptor FactorTwice = Error(
        "ATTN0755", "Two factors", "factor: {0} compresses queries, keys and values, and {1} = {2} says it again; keep one");

    public static readonly RuleDescriptor KvFactorGivesNoHeads = Error(
        "ATTN0756", "The key/value factor gives no heads", "KvFactor: {0} of {1} channels leaves no number of heads of {2} channels that divides the {3} query heads");

    public static readonly RuleDescriptor FactorAgainstWidth = Error(
        "ATTN0757", "A factor against a head width", "{0}: {1} of {2} channels over {3} heads is another width than the headDim of {4}; remove one");

    // 078x: values that a query selects
    public static readonly RuleDescriptor EvaluatesOnly = Info(
        "ATTN0780", "A layer for inference alone", "[{0}] leaves values out that a query weighs little, so the layer has no gradient: Backward throws and a module evaluates only; train the layer without it, the weights are the same");

    public static readonly RuleDescriptor ModuleCannotTrain = Warning(
        "ATTN0781", "A module that cannot be trained", "The TorchSharp module of '{0}' evaluates only: {1}");

    public static readonly RuleDescriptor NothingLeftOut = Warning(
        "ATTN0782", "Nothing is left out", "top: {2} is no less than the {3} keys that [{1}] shows a query at most, so every value is used; give a top below {3}, or remove [{0}]");

    private static readonly RuleDescriptor[] s_all = typeof(RuleTable)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.FieldType == typeof(RuleDescriptor))
        .Select(field => (RuleDescriptor)field.GetValue(null))
        .OrderBy(rule => rule.Id, StringComparer.Ordinal)
        .ToArray();

    /// <summary>By id.</summary>
    public static IReadOnlyList<RuleDescriptor> All => s_all;

    private static RuleDescriptor Error(string id, string title, string format) => new(id, RuleSeverity.Error, title, format);

    private static RuleDescriptor Warning(string id, string title, string format) => new(id, RuleSeverity.Warning, title, format);

    private static RuleDescriptor Info(string id, string title, string format) => new(id, RuleSeverity.Info, title, format);
}

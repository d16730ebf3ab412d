namespace AttnDsl.Compiler.Spec;

/// <summary>The annotated type, reduced to what rules and emitters need to know.</summary>
/// <param name="Namespace">Dotted namespace with keywords escaped, or "" for the global one.</param>
/// <param name="Containing">Containing types, outermost first; each must be reopened.</param>
/// <param name="Self">The annotated type itself.</param>
/// <param name="IsFileLocal">Declared with the <c>file</c> modifier; no other file can reopen it.</param>
/// <param name="DeclaredMembers">Names of members the user's parts declare, sorted.</param>
/// <param name="HintName">Unique, path-safe stem of the generated files' names.</param>
/// <param name="LanguageVersion">C# version of the user's project times 100, for example 1200.</param>
public sealed record TargetType(
    string Namespace,
    EquatableArray<TypeHeader> Containing,
    TypeHeader Self,
    bool IsFileLocal,
    EquatableArray<string> DeclaredMembers,
    string HintName,
    int LanguageVersion);

/// <param name="Keyword"><c>class</c>, <c>struct</c>, <c>record</c>, <c>record struct</c> or <c>interface</c>.</param>
/// <param name="Name">Identifier, with @ when it is a keyword.</param>
/// <param name="TypeParameters">Names of the type parameters, escaped likewise.</param>
/// <param name="IsPartial">Every part carries the modifier.</param>
/// <param name="Accessibility">C# keyword(s) of the declared accessibility.</param>
public sealed record TypeHeader(
    string Keyword,
    string Name,
    EquatableArray<string> TypeParameters,
    bool IsPartial,
    bool IsStatic,
    bool IsAbstract,
    string Accessibility);

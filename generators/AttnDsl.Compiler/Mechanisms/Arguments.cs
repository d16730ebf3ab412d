using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Reading arguments that a parameter and a property can both give.</summary>
public static class Arguments
{
    /// <summary>The parameter when given, else the property, else null.</summary>
    public static ArgumentSpec? Either(AttributeSpec attribute, string parameter, string property) =>
        attribute.Find(parameter) ?? attribute.Find(property);
}

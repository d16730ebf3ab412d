using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Scriban.Runtime;

namespace AttnDsl.Compiler.Emit;

/// <summary>Takes a model apart: what a template may ask about it, and the texts it prints.</summary>
internal static class ModelShape
{
    /// <summary>Appends the shape of a model, equal for models that every template treats alike, and its texts in order.</summary>
    [MethodImpl(Jit.Hot)]
    public static void Read(TemplateModel model, StringBuilder shape, List<string> texts)
    {
        shape.Append('{');
        for (int i = 0; i < model.Count; i++)
        {
            shape.Append(model.NameAt(i));
            Read(model.ValueAt(i), shape, texts);
        }

        shape.Append('}');
    }

    /// <summary>The model with placeholders for its texts, numbered as <see cref="Read(TemplateModel, StringBuilder, List{string})"/> finds them.</summary>
    /// <param name="model">Any model.</param>
    /// <param name="count">Texts seen so far.</param>
    public static ScriptObject Hollow(TemplateModel model, ref int count)
    {
        var hollow = new ScriptObject();
        for (int i = 0; i < model.Count; i++)
        {
            hollow[model.NameAt(i)] = Hollow(model.ValueAt(i), ref count);
        }

        return hollow;
    }

    [MethodImpl(Jit.Hot)]
    private static void Read(object? value, StringBuilder shape, List<string> texts)
    {
        switch (value)
        {
            case string text:
                if (text.Length == 0)
                {
                    shape.Append('0');
                    break;
                }

                shape.Append('=');
                texts.Add(text);
                break;
            case bool flag:
                shape.Append(flag ? '+' : '-');
                break;
            case TemplateModel inner:
                Read(inner, shape, texts);
                break;
            case IReadOnlyList<object> list:
                shape.Append('[');
                for (int i = 0; i < list.Count; i++)
                {
                    Read(list[i], shape, texts);
                }

                shape.Append(']');
                break;
            case IFormattable number:
                shape.Append('=');
                texts.Add(number.ToString(null, CultureInfo.InvariantCulture));
                break;
            default:
                throw new ArgumentException("a model holds texts, numbers, flags, lists and models, got " + (value?.GetType().Name ?? "null"), nameof(value));
        }
    }

    private static object? Hollow(object? value, ref int count)
    {
        switch (value)
        {
            case TemplateModel inner:
                return Hollow(inner, ref count);
            case IReadOnlyList<object> list:
                var hollow = new ScriptArray(list.Count);
                for (int i = 0; i < list.Count; i++)
                {
                    hollow.Add(Hollow(list[i], ref count));
                }

                return hollow;
            case bool or "":
                return value;
            default:
                return Skeleton.Placeholder(count++);
        }
    }
}

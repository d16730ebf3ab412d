using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace AttnDsl.Compiler.Emit;

/// <summary>
/// What a template prints, by name: texts, numbers, flags, lists and further models. A text of several lines is laid out already. One is made for every step that is not known
/// yet, is read once and forgotten; a dictionary would be most of its cost.
/// </summary>
internal sealed class TemplateModel
{
    private string[] _names = new string[12];
    private object?[] _values = new object?[12];

    /// <summary>Members so far.</summary>
    public int Count { get; private set; }

    /// <summary>A member: a string, a number, a bool, a model, or a list of any of them.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public object? this[string name]
    {
        get
        {
            int at = Find(name);
            return at >= 0 ? _values[at] : throw new KeyNotFoundException("the model has no " + name);
        }

        set
        {
            int at = Find(name);
            if (at < 0)
            {
                at = Count++;
                if (at == _names.Length)
                {
                    Array.Resize(ref _names, 2 * at);
                    Array.Resize(ref _values, 2 * at);
                }
            }

            _names[at] = name;
            _values[at] = value;
        }
    }

    /// <summary>Name of a member.</summary>
    public string NameAt(int index) => _names[index];

    /// <summary>Value of a member.</summary>
    public object? ValueAt(int index) => _values[index];

    [MethodImpl(Jit.Hot)]
    private int Find(string name) => Array.IndexOf(_names, name, 0, Count);
}

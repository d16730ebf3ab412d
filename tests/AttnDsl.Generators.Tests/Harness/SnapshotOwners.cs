using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using Xunit.Sdk;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>Every test that may own snapshot files: each fact, and each row of each theory by its first argument.</summary>
internal static class SnapshotOwners
{
    public static IReadOnlySet<string> Of(Assembly assembly)
    {
        var owners = new HashSet<string>(StringComparer.Ordinal);
        foreach (MethodInfo method in assembly.GetTypes().SelectMany(type => type.GetMethods()))
        {
            if (method.GetCustomAttribute<TheoryAttribute>() is not null)
            {
                IEnumerable<object[]> rows = method.GetCustomAttributes<DataAttribute>().SelectMany(data => data.GetData(method));
                owners.UnionWith(rows.Select(row => SnapshotFiles.Owner(method.ReflectedType!.Name, method.Name, row[0]?.ToString())));
            }
            else if (method.GetCustomAttribute<FactAttribute>() is not null)
            {
                owners.Add(SnapshotFiles.Owner(method.ReflectedType!.Name, method.Name, null));
            }
        }

        return owners;
    }
}

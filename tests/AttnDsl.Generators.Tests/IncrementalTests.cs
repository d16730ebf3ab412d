using System;
using AttnDsl.Generators.Tests.Harness;

namespace AttnDsl.Generators.Tests;

/// <summary>One test per kind of edit: why each step of the pipeline ran. Only an edit that changes what was said may reach the output step as anything but Cached.</summary>
public sealed class IncrementalTests
{
    // Any edit may have changed symbols, so the transform and the facts about the project are read every time; their values being equal, everything behind them rests.
    private const string NothingToDo = "Specs=Cached SharedHints=Cached Options=Cached Inputs=Cached Results=Cached Output=Cached";

    private static readonly SourceFile Layer = new("/project/Layer.cs", """
        using AttnDsl;
        [Attention(dim: 64, heads: 4)]
        [Causal]
        public partial class Layer
        {
            public int Answer() => 42;
        }
        """);

    private static readonly SourceFile Other = new("/project/Other.cs", "public class Other { public int A; }");

    [Fact]
    public void First_run() => AssertReasons(
        "Specs=New SharedHints=New Options=New Inputs=New Results=New Output=New",
        Session().First);

    [Fact]
    public void Comment_inside_the_body() =>
        AssertReasons(NothingToDo, Session().Edit(Layer with { Text = Layer.Text.Replace("42;", "42; // no more, no less", StringComparison.Ordinal) }));

    [Fact]
    public void Lines_before_the_type() => AssertReasons(NothingToDo, Session().Edit(Layer with { Text = "\n\n// A layer.\n" + Layer.Text }));

    [Fact]
    public void Method_body() =>
        AssertReasons(NothingToDo, Session().Edit(Layer with { Text = Layer.Text.Replace("42", "43", StringComparison.Ordinal) }));

    [Fact]
    public void Unrelated_type_added() => AssertReasons(NothingToDo, Session().Add(new("/project/New.cs", "public class New;")));

    [Fact]
    public void Unrelated_file_edited() => AssertReasons(NothingToDo, Session().Edit(Other with { Text = "public class Other { public int B; }" }));

    [Fact]
    public void Same_value_written_differently() =>
        AssertReasons(NothingToDo, Session().Edit(Layer with { Text = Layer.Text.Replace("dim: 64", "dim: 8 * 8", StringComparison.Ordinal) }));

    [Fact]
    public void Attribute_value_changed() => AssertReasons(
        "Specs=Modified SharedHints=Cached Options=Cached Inputs=Modified Results=Unchanged Output=Cached",
        Session().Edit(Layer with { Text = Layer.Text.Replace("dim: 64", "dim: 128", StringComparison.Ordinal) }));

    [Fact]
    public void Attribute_added() => AssertReasons(
        "Specs=Modified SharedHints=Cached Options=Cached Inputs=Modified Results=Modified Output=Modified",
        Session().Edit(Layer with { Text = Layer.Text.Replace("[Causal]", "[Causal, Rope]", StringComparison.Ordinal) }));

    [Fact]
    public void Member_added() => AssertReasons(
        "Specs=Modified SharedHints=Cached Options=Cached Inputs=Modified Results=Unchanged Output=Cached",
        Session().Edit(Layer with { Text = Layer.Text.Replace("Answer", "Question", StringComparison.Ordinal) }));

    [Fact]
    public void Rename() => AssertReasons(
        "Specs=Modified SharedHints=Unchanged Options=Cached Inputs=Modified Results=Modified Output=Modified",
        Session().Edit(Layer with { Text = Layer.Text.Replace("class Layer", "class Renamed", StringComparison.Ordinal) }));

    [Fact]
    public void Second_annotated_class_added() => AssertReasons(
        "Specs=Cached,New SharedHints=Unchanged Options=Cached Inputs=Cached,New Results=Cached,New Output=Cached,New",
        Session().Add(new("/project/Second.cs", "[AttnDsl.Attention(8, 2)] public partial class Second;")));

    [Fact]
    public void Second_annotated_class_of_the_same_name_in_other_case_added() => AssertReasons(
        "Specs=Cached,New SharedHints=Modified Options=Cached Inputs=Modified,New Results=Modified,New Output=Modified,New",
        Session().Add(new("/project/Second.cs", "[AttnDsl.Attention(8, 2)] public partial class layer;")));

    [Fact]
    public void Annotated_class_removed() => AssertReasons(
        "Specs=Removed SharedHints=Unchanged Options=Cached Inputs=Removed Results=Removed Output=Removed",
        Session().Remove(Layer.Path));

    [Fact]
    public void Parts_reordered()
    {
        SourceFile part = new("/project/Part.cs", "[AttnDsl.Rope] public partial class Layer;");

        // Roslyn keeps its tables by the trees' order, so all it can tell is that one left and one came; the text is the same (HostileShapeTests).
        AssertReasons(
            "Specs=New,Removed SharedHints=Cached Options=Cached Inputs=New,Removed Results=New,Removed Output=New,Removed",
            new IncrementalSession([Layer, part], SkeletonEmitter.Compile).Reverse());
    }

    [Fact]
    public void Attribute_on_another_part_changed()
    {
        SourceFile part = new("/project/Part.cs", "[AttnDsl.Rope] public partial class Layer;");
        AssertReasons(
            "Specs=Modified SharedHints=Cached Options=Cached Inputs=Modified Results=Modified Output=Modified",
            new IncrementalSession([Layer, part], SkeletonEmitter.Compile).Edit(part with { Text = "[AttnDsl.Alibi] public partial class Layer;" }));
    }

    [Fact]
    public void Unrelated_reference_added() => AssertReasons(NothingToDo, Session().Reference(TestCompilation.EmptyAssembly("Unrelated")));

    [Fact]
    public void Reference_that_switches_a_backend_on() => AssertReasons(
        "Specs=Cached SharedHints=Cached Options=Modified Inputs=Modified Results=Modified Output=Modified",
        Session().Reference([.. TestCompilation.TorchReferences]));

    [Fact]
    public void The_runtime_of_a_backend_without_the_library_below_it_is_not_enough() =>
        AssertReasons(NothingToDo, Session().Reference(TestCompilation.TorchReferences[0]));

    [Fact]
    public void One_of_the_two_references_of_a_backend_is_not_enough() =>
        AssertReasons(NothingToDo, Session().Reference(TestCompilation.EmptyAssembly("ILGPU")));

    private static IncrementalSession Session() => new([Layer, Other], SkeletonEmitter.Compile);

    private static void AssertReasons(string expected, string actual) => Assert.True(expected == actual, $"Expected: {expected}\nActual:   {actual}");
}

using Hugesim.Embedded;
using Hugesim.Embedded.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

/// <summary>What the generator writes, and what it refuses.</summary>
public sealed class GeneratorTests
{
    [Theory]
    [InlineData("HUGE001", "int Sync();", "int")]
    [InlineData("HUGE001", "void Nothing();", "void")]
    [InlineData("HUGE001", "System.Collections.Generic.IAsyncEnumerable<int> Stream();", "IAsyncEnumerable")]
    [InlineData("HUGE002", "Task<T> Any<T>(T value);", "Any")]
    [InlineData("HUGE003", "Task Change(ref int value);", "ref int")]
    [InlineData("HUGE003", "Task Fill(System.Span<int> values);", "Span")]
    [InlineData("HUGE004", "int Size { get; }", "Size")]
    [InlineData("HUGE004", "event System.Action Changed;", "Changed")]
    [InlineData("HUGE005", "Task Early(System.Threading.CancellationToken token, int value);", "Early")]
    public void Member_ThatNoMessageCanCarry_IsAnError(string id, string member, string named)
    {
        var error = Generate($$"""public interface IBad : IGrainWithStringKey { {{member}} }""").Diagnostics.ShouldHaveSingleItem();
        error.Id.ShouldBe(id);
        error.Severity.ShouldBe(DiagnosticSeverity.Error);
        error.GetMessage().ShouldContain(named);
    }

    [Fact]
    public void GrainInterface_ThatIsPrivate_IsAnError() =>
        Generate("public class Outer { private interface IHidden : IGrainWithStringKey { Task Call(); } }")
            .Diagnostics.ShouldHaveSingleItem().Id.ShouldBe("HUGE006");

    [Fact]
    public void GrainInterface_WithEveryKindOfMethod_Compiles()
    {
        var result = Generate("""
            public interface IBase<T> { ValueTask<T> Get(T value); }

            [Alias("good")]
            public interface IGood : IGrainWithStringKey, IBase<string?>
            {
                ValueTask A();
                ValueTask<int> B(int @class, string? text);
                [ReadOnly] Task C(CancellationToken token);
                [AlwaysInterleave] Task<(int, string)> D(int[] values, CancellationToken token = default);
                [OneWay] Task E(params string[] names);
                Task B(int only);
                static int Helper() => 1;
            }

            public static partial class Outer
            {
                public interface INested : IGrainWithStringKey { ValueTask Call(); }
                public sealed class NestedGrain : Grain, INested { public ValueTask Call() => default; }
            }
            """);
        result.Diagnostics.ShouldBeEmpty();
        result.Compilation.GetDiagnostics(TestContext.Current.CancellationToken)
            .Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning).ShouldBeEmpty();
        result.Sources.ShouldContain(source => source.Contains("AddClass(typeof(global::Outer.NestedGrain))"));
        result.Sources.ShouldContain(source => source.Contains("CallOptions.ReadOnly"));
    }

    [Fact]
    public void Project_WithoutGrains_GetsNothing() => Generate("public interface IPlain { void Call(); }").Sources.ShouldBeEmpty();

    private static (Compilation Compilation, IReadOnlyList<Diagnostic> Diagnostics, IReadOnlyList<string> Sources) Generate(string source)
    {
        const string Usings = """
            using System.Threading;
            using System.Threading.Tasks;
            using Orleans;
            using Orleans.Concurrency;

            """;
        var options = new CSharpParseOptions(LanguageVersion.Latest);
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Append(typeof(EmbeddedCluster).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "Generated",
            [CSharpSyntaxTree.ParseText(Usings + source, options)],
            references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        var driver = CSharpGeneratorDriver.Create([new GrainGenerator().AsSourceGenerator()], parseOptions: options)
            .RunGeneratorsAndUpdateCompilation(compilation, out var output, out var diagnostics, TestContext.Current.CancellationToken);
        return (output, diagnostics, [.. driver.GetRunResult().GeneratedTrees.Select(tree => tree.ToString())]);
    }
}

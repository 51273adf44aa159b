using Shouldly;
using Xunit;

namespace Hugesim.Tests.Tidy;

/// <summary>The repository keeps its own rules of style. What a compiler or formatter checks is left to them.</summary>
public sealed class TidyTests
{
    [Fact]
    public void SourceTree_ThisRepository_IsFound()
    {
        SourceTree.CSharp.ShouldContain(file => file.Path == Path.Combine("Tests", "Tidy", "TidyTests.cs"));
        SourceTree.Model.ShouldNotBeEmpty();
        SourceTree.ProductCode.ShouldNotContain(file => file.Path.StartsWith("Tests", StringComparison.Ordinal));
    }

    [Fact]
    public void CSharpFiles_None_IsTooLong() => Clean(SourceTree.CSharp, TidyRules.TooLong);

    [Fact]
    public void ProductCode_Nowhere_IsUnfinishedOrConditional() => Clean(SourceTree.ProductCode, TidyRules.UnfinishedCode);

    [Fact]
    public void Classes_All_AreSealedStaticOrAbstract()
    {
        // BenchmarkDotNet derives from the classes that it measures, DispatchProxy from its proxies; the engine's abstractions are as open as the Orleans
        // types they stand for.
        string[] open = [Path.Combine("Tests", "Benchmarks"), Path.Combine("Silo", "Embedded", "Abstractions"), Path.Combine("Tests", "Load", "FailingGrains.cs")];
        Clean(
            SourceTree.CSharp.Where(file => !open.Any(folder => file.Path.StartsWith(folder, StringComparison.Ordinal))),
            TidyRules.OpenClasses);
    }

    [Fact]
    public void Model_PublicTypesAndMembers_AreDocumented() => Clean(SourceTree.Model, TidyRules.Undocumented);

    [Fact]
    public void Model_Nowhere_KnowsTasksOrOrleans() => Clean(SourceTree.Model, TidyRules.ImpureModel);

    [Fact]
    public void SourceAndProjectFiles_Nowhere_NameAPlaceOnSomeonesMachine() => Clean(
        SourceTree.Files(SourceTree.Root, ".cs", ".csproj", ".props", ".targets", ".sln", ".json", ".md"),
        TidyRules.MachinePaths);

    [Fact]
    public void Rules_BadText_IsFound()
    {
        TidyRules.TooLong(Text(new string('\n', TidyRules.MostLines))).Count().ShouldBe(1);
        TidyRules.UnfinishedCode(Text("// TO" + "DO later\nthrow new NotImplemented" + "Exception();\n#" + "if DEBUG\n// all done")).Count().ShouldBe(3);
        TidyRules.MachinePaths(Text("var a = \"/ho" + "me/me/x\";\nvar b = \"/sys/kernel\";\nsee Silo/wo" + "rk/notes")).Count().ShouldBe(1);
        TidyRules.OpenClasses(Text("public class A\ninternal partial class B;\npublic sealed partial class C\nstatic class D\nwhere T : class")).Count().ShouldBe(2);
        TidyRules.ImpureModel(Text("using Orleans;\npublic async Task F()\nvar taskCount = 1; // a Task waits")).Count().ShouldBe(2);
    }

    [Fact]
    public void Undocumented_MemberOfPublicType_IsFoundAndOthersAreNot()
    {
        const string text = """
            /// <summary>A.</summary>
            [Serializable]
            public sealed class A
            {
                public int Bare;

                /// <summary>B.</summary>
                [Obsolete]
                public int Said;

                private struct Hidden
                {
                    public int Inner;
                }

                public int Again;
            }

            internal sealed class C
            {
                public int Free;
            }

            public sealed record D(int E);
            """;

        TidyRules.Undocumented(Text(text)).ShouldBe(["x.cs:5: public int Bare;", "x.cs:16: public int Again;", "x.cs:24: public sealed record D(int E);"]);
    }

    private static SourceFile Text(string text) => new("x.cs", text.Split('\n'));

    private static void Clean(IEnumerable<SourceFile> files, Func<SourceFile, IEnumerable<string>> rule)
    {
        var found = files.SelectMany(rule).ToList();
        found.ShouldBeEmpty(string.Join(Environment.NewLine, found));
    }
}

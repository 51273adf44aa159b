using System.Diagnostics;
using Hugesim.Clusters;
using Hugesim.Silo;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>What a cluster of three silos on this machine does, on either engine.</summary>
[Collection(LocalClusterCollection.Name)]
public sealed class LocalClusterTests(LocalClusterFixture cluster)
{
    private static readonly string s_example = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(RecordingFiles.Root)))!, "Client", "Examples", "5-3-2.txt");

    [Fact]
    public async Task Check_ThroughTheCluster_AgreesWithAllRecordingsOfTheNewestKernel()
    {
        var folders = new[] { "7.3", "7.3-numa2", "7.3-numa4" }.Select(name => Path.Combine(RecordingFiles.Root, name)).Where(Directory.Exists).ToArray();
        var recordings = folders.Sum(folder => Directory.GetFiles(folder, "*.out").Length);

        var (code, output, error) = await cluster.Program.RunAsync(["check", "--cluster", "local", .. folders]);

        code.ShouldBe(0, output + error);
        output.ShouldBe($"{recordings} of {recordings} recordings agree\n");
        recordings.ShouldBeGreaterThan(60);
    }

    [Fact]
    public async Task Run_ThroughTheCluster_ShowsWhatAMachineInTheProcessShows()
    {
        var through = await cluster.Program.RunAsync("run", "--cluster", "local", s_example);
        var inProcess = await cluster.Program.RunAsync("run", s_example);

        through.ShouldBe(inProcess);
        through.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Audit_ThroughTheCluster_FindsNothing()
    {
        var (code, output, error) = await cluster.Program.RunAsync("audit", "--cluster", "local", "--every-step", s_example);

        code.ShouldBe(0, output + error);
    }

    [Fact]
    public async Task Status_RunningCluster_ShowsSilosThatOwnAllNodes()
    {
        var status = await LocalClusterFixture.StatusAsync(cluster.Program);

        status.Silos.Select(silo => silo.Name).ShouldBe(["silo-1", "silo-2", "silo-3"]);
        status.Silos.ShouldAllBe(silo => silo.State == LocalSiloState.Ready);
        status.Silos.SelectMany(silo => silo.NumaNodes).Order().ShouldBe(Enumerable.Range(0, LocalSilosOptions.MaximumNodes));
        status.HostsMachines.ShouldBe(!SiloProcess.IsSupported);
        status.Silos.Select(silo => silo.Pid).Distinct().Count().ShouldBe(SiloProcess.IsSupported ? 3 : 1);
        cluster.UpOutput.ShouldContain(LocalSilos.Description);
    }

    [Fact]
    public async Task Up_NameThatRuns_IsRefused()
    {
        var (code, _, error) = await cluster.Program.RunAsync("cluster", "up", "--detach");

        code.ShouldBe(3);
        error.ShouldContain("cluster local is running already");
        error.ShouldContain("hint: end it with 'hugesim cluster down local'");
    }

    [Fact]
    public async Task Stop_UnknownSilo_SaysWhichThereAre()
    {
        var (code, _, error) = await cluster.Program.RunAsync("cluster", "stop", "silo-9");

        code.ShouldBe(2);
        error.ShouldContain("cluster local has no silo 'silo-9'\n  hint: its silos are silo-1, silo-2, silo-3");
    }

    [Fact]
    public async Task Run_UnknownCluster_SaysWhichThereAre()
    {
        var (code, _, error) = await cluster.Program.RunAsync("run", "--cluster", "other", s_example);

        code.ShouldBe(2);
        error.ShouldContain("there is no cluster 'other'");
        error.ShouldContain("clusters on this machine: local");
    }

    [Fact]
    public async Task Run_ClusterAndSilos_ContradictEachOther()
    {
        var (code, _, error) = await cluster.Program.RunAsync("run", "--cluster", "local", "--silos", "2", s_example);

        code.ShouldBe(2);
        error.ShouldContain("--silos belongs to silos in this process");
    }
}

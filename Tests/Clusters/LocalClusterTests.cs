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

    [Fact]
    public async Task Run_ABlockThroughTheCluster_ExecutesItsCommandsAtTheSameTime()
    {
        var race = Path.Combine(Path.GetDirectoryName(s_example)!, "needs-commit-race.txt");

        var (code, output, error) = await cluster.Program.RunAsync("run", "--cluster", "local", race);

        code.ShouldBe(0, output + error);
        output.ShouldContain("  13  q mmap n 2 shared fd=f                ok");
        output.ShouldContain("q r n 0..1                            ok val=1,1");
        output.ShouldContain("no leak  nr=4 free=4 resv=0 surp=0");
    }

    [Fact]
    public async Task Machines_OfAClientThatRuns_AreListedAuditedAndSwitchedOff()
    {
        using var client = cluster.Program.Start("run", "--cluster", "local", "--profile", "6.12", "-");
        await client.StandardInput.WriteLineAsync("pool 3");
        while (await client.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("pool 3", StringComparison.Ordinal))
        {
            // The machine has booted when it has answered.
        }

        var machines = await cluster.Program.RunAsync("cluster", "machines");
        machines.Output.ShouldContain("  1 machine:\n");
        machines.Output.ShouldContain($"kernel 6.12, 1 node; hugesim run, process {client.Id} on ");
        (await cluster.Program.RunAsync("cluster", "status")).Output.ShouldContain($"hugesim run, process {client.Id} on ");
        var name = machines.Output.Split('\n')[1].Trim().Split(' ')[0];
        (await cluster.Program.RunAsync("audit", "--cluster", "local")).Output.ShouldBe($"{name}: sound\n1 of 1 machines are sound\n");
        (await cluster.Program.RunAsync("audit", "--cluster", "local", "--machine", name)).ExitCode.ShouldBe(0);
        (await cluster.Program.RunAsync("audit", "--cluster", "local", "--machine", "none")).Error.ShouldContain($"has no machine 'none'\n  hint: its machines are {name}");

        (await cluster.Program.RunAsync("cluster", "machines", "--end", name)).Output.ShouldBe($"machine {name} is switched off\n");

        (await cluster.Program.RunAsync("cluster", "machines")).Output.ShouldBe("  no machines\n");
        await client.StandardInput.WriteLineAsync("pool 4");
        client.StandardInput.Close();
        await HugesimProgram.EndOf(client);
        client.ExitCode.ShouldNotBe(0);
    }

    [Fact]
    public async Task CommandsThatDriveMachines_WorkThroughTheCluster()
    {
        var (code, output, error) = await cluster.Program.RunAsync("load", "churn", "--cluster", "local", "--processes", "4", "--calls", "200");
        code.ShouldBe(0, output + error);
        output.ShouldContain("audit     clean");

        (code, output, error) = await cluster.Program.RunAsync(
            "fuzz", "--against", "invariants", "--cluster", "local", "--repair", "--seed", "1", "--count", "2", "--save", cluster.Program.StateFolder);
        code.ShouldBe(0, output + error);

        (code, output, error) = await cluster.Program.RunAsync("plan", s_example, "--cluster", "local");
        code.ShouldBe(0, output + error);
        output.ShouldContain("pool          6 huge pages");

        (await cluster.Program.RunAsync("cluster", "machines")).Output.ShouldBe("  no machines\n");
    }

    [Fact]
    public async Task Trace_ThroughAClusterThatShowsNothing_ShowsMessages_OrSaysWhatToDo()
    {
        var (code, output, error) = await cluster.Program.RunAsync("trace", s_example, "--step", "5", "--cluster", "local");

        if (SiloProcess.IsSupported)
        {
            code.ShouldBe(2);
            error.ShouldContain("silo silo-");
            error.ShouldContain(" of cluster local records no flows");
            error.ShouldContain("cluster up --console");
        }
        else
        {
            code.ShouldBe(0, error);
            output.ShouldContain("hugetlb_reserve_pages");
            output.ShouldContain("resv_pages 3 -> 5");
        }
    }

    [Fact]
    public async Task Explore_OnACluster_IsRefusedWithTheReason()
    {
        var (code, _, error) = await cluster.Program.RunAsync("explore", s_example, "--cluster", "local");

        code.ShouldBe(2);
        error.ShouldContain("explore does not take --cluster: nobody can say in which order a cluster delivers messages");
    }
}

using System.Text.RegularExpressions;
using Hugesim.Silo;
using Hugesim.Tests.Scenarios;
using k8s;
using k8s.Models;
using Shouldly;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Hugesim.Tests.Deployment;

/// <summary>What the files in Deployment name exists in the program, and they are what their readers expect.</summary>
public sealed partial class DeploymentTests
{
    private static readonly string s_root = Path.GetFullPath(Path.Combine(RecordingFiles.Root, "..", "..", ".."));
    private static readonly string s_folder = Path.Combine(s_root, "Deployment");

    /// <summary>Those that are YAML.</summary>
    public static TheoryData<string> YamlFiles => [.. Files.Select(row => row.Data).Where(name => Path.GetExtension(name) is ".yaml" or ".yml")];

    /// <summary>The files of the folder.</summary>
    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(s_folder, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(s_folder, file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void File_Settings_ExistInTheProgram(string name)
    {
        var text = Read(name);
        var variables = SiloSetting.All.Select(setting => setting.Variable).ToArray();

        Variable().Matches(text).Select(match => match.Value).ShouldAllBe(variable => variables.Contains(variable));
        HealthPath().Matches(text).Select(match => match.Value).ShouldAllBe(path => path == HealthEndpoint.LivePath || path == HealthEndpoint.ReadyPath);
    }

    [Theory]
    [MemberData(nameof(YamlFiles))]
    public void Yaml_File_IsOneWithoutMistakes(string name)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Read(name)));
        yaml.Documents.Count.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("compose.yaml", "silo")]
    [InlineData("kubernetes/hugesim.yaml", "silo")]
    [InlineData("systemd/hugesim-silo.service", "silo")]
    public async Task Command_OfTheFile_IsOneOfTheProgram(string name, string command)
    {
        Read(name).ShouldContain(command);
        using var console = new TestConsole();
        (await console.RunAsync(command, "--help")).ShouldBe(0);

        foreach (var flag in Flag().Matches(string.Join('\n', Read(name).Split('\n').Where(line => line.Contains("hugesim.dll", StringComparison.Ordinal)))).Select(match => match.Value))
        {
            console.OutputText.ShouldContain(flag);
        }
    }

    [Fact]
    public void Kubernetes_Manifests_HaveOnlyFieldsThatKubernetesKnows()
    {
        var objects = KubernetesYaml.LoadAllFromString(Read("kubernetes/hugesim.yaml"), strict: true);

        objects.Select(item => item.GetType().Name).ShouldBe(
            ["V1ServiceAccount", "V1Role", "V1RoleBinding", "V1Job", "V1Deployment", "V1Service", "V1PodDisruptionBudget"]);
        objects.OfType<IKubernetesObject<V1ObjectMeta>>().ShouldAllBe(item => item.Metadata.NamespaceProperty == "hugesim");
        var pod = objects.OfType<V1Deployment>().Single().Spec.Template;
        var silo = pod.Spec.Containers.Single();
        silo.Ports.ToDictionary(port => port.Name, port => port.ContainerPort).ShouldBe(new Dictionary<string, int>
        {
            ["silo"] = int.Parse(SiloSetting.SiloPort.Default, System.Globalization.CultureInfo.InvariantCulture),
            ["gateway"] = int.Parse(SiloSetting.GatewayPort.Default, System.Globalization.CultureInfo.InvariantCulture),
            ["health"] = 8080,
            ["http"] = 8081,
        });
        silo.Env.Single(variable => variable.Name == SiloSetting.HttpPort.Variable).Value.ShouldBe("8081");
        pod.Metadata.Annotations["prometheus.io/port"].ShouldBe("8081");
        pod.Metadata.Annotations["prometheus.io/path"].ShouldBe(SiloWeb.MetricsPath);
        silo.Env.Single(variable => variable.Name == SiloSetting.HealthPort.Variable).Value.ShouldBe("8080");
        // What Orleans selects the cluster's pods by.
        pod.Metadata.Labels["orleans/clusterId"].ShouldBe(SiloSetting.ClusterId.Default);
        pod.Metadata.Labels["orleans/serviceId"].ShouldBe(SiloSetting.ServiceId.Default);
        silo.Env.Select(variable => variable.Name).ShouldBeSubsetOf([.. SiloSetting.All.Select(setting => setting.Variable), "POD_NAME", "POD_NAMESPACE", "POD_IP"]);
    }

    [Fact]
    public void Prometheus_Targets_AreTheSilosOfTheComposeFile()
    {
        var compose = Read("compose.yaml");
        var targets = Target().Matches(Read("prometheus/prometheus.yml")).Select(match => (Silo: match.Groups[1].Value, Port: match.Groups[2].Value)).ToArray();

        targets.Select(target => target.Silo).ShouldBe(SiloService().Matches(compose).Select(match => match.Groups[1].Value));
        targets.ShouldAllBe(target => compose.Contains($"{SiloSetting.HttpPort.Variable}: \"{target.Port}\"", StringComparison.Ordinal));
        Read("prometheus/prometheus.yml").ShouldContain($"metrics_path: {SiloWeb.MetricsPath}");
    }

    [Fact]
    public void Files_ThatTheComposeFileMounts_Exist()
    {
        var mounts = Mount().Matches(Read("compose.yaml")).Select(match => match.Groups[1].Value).ToArray();

        mounts.Length.ShouldBe(3);
        mounts.ShouldAllBe(path => Path.Exists(Path.Combine(s_folder, path)));
    }

    private static string Read(string name) => File.ReadAllText(Path.Combine(s_folder, name));

    [GeneratedRegex(@"\bHUGESIM_[A-Z_]+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"/health/\w+")]
    private static partial Regex HealthPath();

    [GeneratedRegex(@"(?<= )--[a-z-]+")]
    private static partial Regex Flag();

    [GeneratedRegex(@"""(silo-\d+):(\d+)""")]
    private static partial Regex Target();

    [GeneratedRegex(@"^  (silo-\d+):", RegexOptions.Multiline)]
    private static partial Regex SiloService();

    [GeneratedRegex(@"- \./([^:]+):")]
    private static partial Regex Mount();
}

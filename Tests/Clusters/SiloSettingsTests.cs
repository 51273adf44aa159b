using Hugesim.Silo;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>Where the settings of a silo come from, and what is said of a wrong one.</summary>
public sealed class SiloSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_Nothing_HasDefaults()
    {
        var settings = Read("{}");

        (settings.ClusterId, settings.SiloPort, settings.GatewayPort, settings.HealthPort).ShouldBe(("hugesim", 11111, 30000, 0));
        settings.Clustering.ShouldBe(ClusteringKind.Localhost);
        settings.ListenAddress.ToString().ShouldBe("127.0.0.1");
        settings.NumaNodes.ShouldBeEmpty();
    }

    [Fact]
    public void Read_FileAndFlag_TakesTheFlag()
    {
        var settings = Read("""{ "Hugesim": { "SiloPort": 1000, "GatewayPort": 2000, "NumaNodes": "0,2" } }""", (SiloSetting.SiloPort, "3000"));

        (settings.SiloPort, settings.GatewayPort).ShouldBe((3000, 2000));
        settings.NumaNodes.ShouldBe([0, 2]);
    }

    [Fact]
    public void Read_AddressOfAnotherMachine_ListensOnAllAddresses() =>
        Read("{}", (SiloSetting.AdvertisedAddress, "10.0.0.5")).ListenAddress.ToString().ShouldBe("0.0.0.0");

    [Theory]
    [InlineData("SiloPort", "70000", "--silo-port: '70000' is not a port from 1 to 65535")]
    [InlineData("NumaNodes", "0,x", "--numa-nodes: '0,x' is not a list of NUMA nodes such as 0,2")]
    [InlineData("NumaNodes", "1,1", "--numa-nodes: '1,1' is not a list of NUMA nodes such as 0,2")]
    [InlineData("AdvertisedAddress", "here", "--advertised-address: 'here' is not an IP address")]
    [InlineData("Clustering", "redis", "--clustering: 'redis' is not one of localhost, file, postgres")]
    [InlineData("Clustering", "postgres", "postgres clustering needs a connection string")]
    [InlineData("Clustering", "file", "file clustering needs the file that lists the silos")]
    [InlineData("Kubernetes", "true", "silos in Kubernetes find each other with postgres clustering")]
    [InlineData("GatewayPort", "11111", "silo port 11111, gateway port 11111, health port 0 and HTTP port 0 must differ")]
    [InlineData("HttpPort", "11111", "silo port 11111, gateway port 30000, health port 0 and HTTP port 11111 must differ")]
    [InlineData("HttpAddress", "everywhere", "--http-address: 'everywhere' is not an IP address")]
    [InlineData("OtlpEndpoint", "jaeger:4317", "--otlp-endpoint: 'jaeger:4317' is not a URL such as http://localhost:4317")]
    [InlineData("OtlpProtocol", "http", "--otlp-protocol: 'http' is not a protocol: grpc or http/protobuf")]
    [InlineData("TraceRatio", "5%", "--trace-ratio: '5%' is not a share from 0 to 1 such as 0.05")]
    public void Read_WrongValue_SaysWhichAndWhatIsRight(string key, string value, string message)
    {
        var error = Should.Throw<ClusterException>(() => SiloSettings.Read(_folder.Write("a.json", "{}"), new Dictionary<string, string> { [key] = value }));

        error.Message.ShouldBe(message);
        error.IsInput.ShouldBeTrue();
        error.Hint.ShouldNotBeEmpty();
    }

    [Fact]
    public void Read_WrongValueInTheFile_NamesTheFile() =>
        Should.Throw<ClusterException>(() => Read("""{ "Hugesim": { "SiloPort": "x" } }""")).Message.ShouldContain("Hugesim:SiloPort in ");

    [Fact]
    public void Read_FileThatIsNoJson_SaysWhere() => Should.Throw<ClusterException>(() => Read("{ oops")).Message.ShouldContain("a.json");

    [Fact]
    public void Settings_All_HaveNamesOfTheirOwnEverywhere()
    {
        SiloSetting.SiloPort.Flag.ShouldBe("--silo-port");
        SiloSetting.SiloPort.Variable.ShouldBe("HUGESIM_SILO_PORT");
        SiloSetting.All.Select(setting => setting.Flag).ShouldBeUnique();
    }

    private SiloSettings Read(string json, params (SiloSetting Setting, string Value)[] flags) =>
        SiloSettings.Read(_folder.Write("a.json", json), flags.ToDictionary(flag => flag.Setting.Key, flag => flag.Value));
}

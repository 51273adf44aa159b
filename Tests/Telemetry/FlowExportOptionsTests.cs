using Hugesim.Silo;
using Hugesim.Telemetry;
using OpenTelemetry.Exporter;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>Where flows are sent, by options and by OpenTelemetry's own variables.</summary>
public sealed class FlowExportOptionsTests
{
    [Theory]
    [InlineData("http://a:4317", null, "http://a:4317/", OtlpExportProtocol.Grpc)]
    [InlineData("http://a:4318", null, "http://a:4318/v1/traces", OtlpExportProtocol.HttpProtobuf)]
    [InlineData("http://a:9999", "http/protobuf", "http://a:9999/v1/traces", OtlpExportProtocol.HttpProtobuf)]
    [InlineData("https://a/base/", "http/protobuf", "https://a/base/v1/traces", OtlpExportProtocol.HttpProtobuf)]
    [InlineData("https://a/v1/traces", "http/protobuf", "https://a/v1/traces", OtlpExportProtocol.HttpProtobuf)]
    public void Read_Endpoint_HasThePathAndProtocolThatReceiversExpect(string endpoint, string? protocol, string expected, OtlpExportProtocol spoken)
    {
        var options = Read(endpoint, protocol);

        (options.Endpoint?.ToString(), options.Protocol).ShouldBe((expected, spoken));
    }

    [Fact]
    public void Read_StandardVariables_AreTakenWhereNothingIsGiven()
    {
        var general = Read(null, null, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));
        general.Endpoint!.ToString().ShouldBe("http://a:1/v1/traces");
        // The address of one signal is taken as it is.
        var special = Read(null, null, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1"), ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b:2/x"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"));
        special.Endpoint!.ToString().ShouldBe("http://b:2/x");
        Read("http://c:3", null, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1")).Endpoint!.ToString().ShouldBe("http://c:3/");
        Read(null, null).Endpoint.ShouldBeNull();
        Read("http://c:3", null, ("OTEL_SDK_DISABLED", "true")).Endpoint.ShouldBeNull();
    }

    [Theory]
    [InlineData("here", null, "'here' is no URL that spans can be sent to")]
    [InlineData("http://a", "http/json", "'http/json' is no protocol of OTLP that is spoken here")]
    public void Read_WrongValue_IsSaid(string endpoint, string? protocol, string message) =>
        Should.Throw<ClusterException>(() => Read(endpoint, protocol)).Message.ShouldBe(message);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("0.05", 0.05)]
    public void Ratio_Share_IsRead(string text, double ratio) => FlowExportOptions.ParseRatio(text).ShouldBe(ratio);

    [Theory]
    [InlineData("1.1")]
    [InlineData("-0.1")]
    [InlineData("5%")]
    [InlineData("")]
    public void Ratio_AnythingElse_IsRefused(string text) => FlowExportOptions.ParseRatio(text).ShouldBeNull();

    private static FlowExportOptions Read(string? endpoint, string? protocol, params (string Name, string Value)[] variables) =>
        FlowExportOptions.Read(endpoint, protocol, 1, name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}

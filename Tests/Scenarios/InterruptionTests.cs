using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Scenarios;

/// <summary>What signals do to the program.</summary>
public sealed class InterruptionTests
{
    [Fact]
    public void Take_SecondSignal_EndsTheProcessUnlessItComesWithTheFirst()
    {
        var time = new ManualTime();
        using var interruption = new Interruption(time);
        interruption.Token.IsCancellationRequested.ShouldBeFalse();
        interruption.Take().ShouldBeTrue();
        interruption.Token.IsCancellationRequested.ShouldBeTrue();
        time.Pass(TimeSpan.FromMilliseconds(499));
        interruption.Take().ShouldBeTrue();
        time.Pass(TimeSpan.FromMilliseconds(1));
        interruption.Take().ShouldBeFalse();
    }

    [Fact]
    public async Task Program_SignalledTwiceAtOnce_WritesWhatItHas()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no signals");
        var cancellation = TestContext.Current.CancellationToken;
        var program = Path.Combine(AppContext.BaseDirectory, "hugesim.dll");
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [program, "load", "jvm", "--duration", "1m", "--json"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        if (await process.StandardOutput.ReadLineAsync(cancellation) is null)
        {
            Assert.Fail(await errors);
        }

        // Two signals of one kind may become one on their way.
        using var shell = Process.Start("/bin/sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -TERM {process.Id}; kill -INT {process.Id}")]);
        var lines = (await process.StandardOutput.ReadToEndAsync(cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await process.WaitForExitAsync(cancellation);
        process.ExitCode.ShouldBe(ExitCodes.Interrupted);
        JsonDocument.Parse(lines[^1]).RootElement.GetProperty("end").GetString().ShouldBe("interrupted");
        (await errors).ShouldContain("interrupted after");
    }
}

using Hugesim.Cli;
using Hugesim.Kernel;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Hugesim.Tests.Truth;

namespace Hugesim.Tests.Scenarios;

/// <summary>Runs command lines with everything in memory.</summary>
internal sealed class TestConsole : IDisposable
{
    public static readonly string[] Profiles = ["2.6.27", "4.10", "5.10", "6.1", "6.12", "6.18.15", "6.18.44", "7.3"];

    private readonly SharedWriter _output = new() { NewLine = "\n" };
    private readonly SharedWriter _error = new() { NewLine = "\n" };
    private readonly Stream _input;

    public TestConsole(string input = "") : this(RecordingFiles.ToStream(input))
    {
    }

    public TestConsole(Stream input) => _input = input;

    public bool UseColor { get; init; }

    public string OutputText => _output.ToString();

    public string ErrorText => _error.ToString();

    public CancellationToken CancellationToken { get; set; }

    public IKernelHost Kernel { get; init; } = new KernelHost();

    public Func<GrainHostOptions, ValueTask<IGrainHost>> StartGrains { get; set; } = GrainHost.StartAsync;

    public Task<int> RunAsync(IScenarioMachineFactory machines, params string[] arguments)
    {
        var console = new CliConsole(_input, _output, _error, UseColor, UseColor);
        var services = new CliServices(machines, Profiles)
        {
            Kernel = Kernel,
            StartGrains = StartGrains,
            RepairedProfiles = [.. Profiles.Select(profile => profile + KernelProfile.RepairMark)],
        };
        return HugesimCli.RunAsync(arguments, services, console, CancellationToken);
    }

    /// <summary>Runs a command on machines made of grains.</summary>
    public Task<int> RunOnGrainsAsync(params string[] arguments) => RunAsync(TestMachines.Factory, arguments);

    public Task<int> RunAsync(ScriptedMachine machine, params string[] arguments) =>
        RunAsync(new ScriptedMachineFactory(_ => machine), arguments);

    public Task<int> RunAsync(params string[] arguments) => RunAsync(new ScriptedMachine([]), arguments);

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
        _input.Dispose();
    }

    /// <summary>Text that a command writes while a test reads it.</summary>
    private sealed class SharedWriter : StringWriter
    {
        private readonly Lock _lock = new();

        public override void Write(char value)
        {
            lock (_lock)
            {
                base.Write(value);
            }
        }

        public override void Write(char[] buffer, int index, int count)
        {
            lock (_lock)
            {
                base.Write(buffer, index, count);
            }
        }

        public override void Write(ReadOnlySpan<char> buffer)
        {
            lock (_lock)
            {
                base.Write(buffer);
            }
        }

        public override void Write(string? value)
        {
            lock (_lock)
            {
                base.Write(value);
            }
        }

        public override string ToString()
        {
            lock (_lock)
            {
                return base.ToString();
            }
        }
    }
}

using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Hugesim.Benchmarks;

// "quick <name>" prints a measurement of a few seconds; anything else is for BenchmarkDotNet.
if (args is ["quick", ..])
{
    return await QuickRun.RunAsync(args.ElementAtOrDefault(1) ?? "");
}

// In this process: BenchmarkDotNet would look for a project named like the assembly, and restore a new one. With --job add -i.
var config = DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
BenchmarkSwitcher.FromAssembly(typeof(QuickRun).Assembly).Run(args, config);
return 0;

using BenchmarkDotNet.Running;
using Hugesim.Benchmarks;

// "quick <name>" prints a measurement of a few seconds; anything else is for BenchmarkDotNet.
if (args is ["quick", ..])
{
    return await QuickRun.RunAsync(args.ElementAtOrDefault(1) ?? "");
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;

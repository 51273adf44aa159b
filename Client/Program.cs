using Hugesim.Cli;
using Hugesim.Clusters;
using Hugesim.Machine;
using Hugesim.Model;

using var interruption = new Interruption(TimeProvider.System);
await using var local = new GrainMachineFactory();
await using var machines = new ClusterMachineFactory(local);
var services = new CliServices(machines, [.. KernelProfiles.All.Select(p => p.Name)])
{
    RepairedProfiles = [.. KernelProfiles.AllRepaired.Select(p => p.Name)],
};
return await HugesimCli.RunAsync(args, services, CliConsole.FromSystem(), interruption.Token);

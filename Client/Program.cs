using Hugesim.Cli;
using Hugesim.Machine;
using Hugesim.Model;

using var interruption = new Interruption();
await using var machines = new GrainMachineFactory();
var services = new CliServices(machines, [.. KernelProfiles.All.Select(p => p.Name)])
{
    RepairedProfiles = [.. KernelProfiles.AllRepaired.Select(p => p.Name)],
};
return await HugesimCli.RunAsync(args, services, CliConsole.FromSystem(), interruption.Token);

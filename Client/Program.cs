using Hugesim.Cli;

using var interruption = new Interruption();
var services = new CliServices(new AbsentMachineFactory(), ["2.6.27", "4.10", "5.10", "6.1", "6.12", "6.18.15", "6.18.44", "7.3"]);
return await HugesimCli.RunAsync(args, services, CliConsole.FromSystem(), interruption.Token);

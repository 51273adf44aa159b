Console.Error.WriteLine("hugesim: no command is built in yet");
return 2;

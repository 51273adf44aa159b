using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Silo;
using Orleans;

namespace Hugesim.Benchmarks.Machine;

/// <summary>What a call, a fault and a fork cost on one silo in this process, on three, and on three processes where the engine has them.</summary>
internal static class QuickCluster
{
    internal const string JsonName = "cluster-json";

    private const int Rounds = 7;
    private const int WarmUpRounds = 5;
    private const int Mappings = 64;
    private const int Pages = 512;
    private static readonly TimeSpan s_time = TimeSpan.FromMilliseconds(300);

    internal static Task RunAsync() => RunAsync(asJson: false);

    /// <summary>The same as JSON, one object for each cell of the table: for programs, and for the table of a build of the other engine.</summary>
    internal static Task RunJsonAsync() => RunAsync(asJson: true);

    private static async Task RunAsync(bool asJson)
    {
        var places = new List<(string Name, Place Place)>();
        var folder = Directory.CreateTempSubdirectory("hugesim-bench-");
        var cells = new List<Cell>();
        try
        {
            places.Add(("1 silo in this process", await Place.StartAsync(await GrainHost.StartAsync(new GrainHostOptions()), null)));
            places.Add(("3 silos in this process", await Place.StartAsync(await GrainHost.StartAsync(new GrainHostOptions(3)), null)));
            if (SiloProcess.IsSupported)
            {
                var options = new LocalSilosOptions(3, folder.FullName, "bench", "hugesim", ClusteringKind.File, "");
                var silos = await LocalSilos.StartAsync(options, _ => { }, CancellationToken.None);
                var target = new ClusterTarget("bench", "bench", "hugesim", [], folder.FullName, null);
                places.Add(("3 silo processes", await Place.StartAsync(await ClusterClient.ConnectAsync(target, false, CancellationToken.None), silos)));
            }

            cells.AddRange(await MeasureAsync(places));
        }
        finally
        {
            foreach (var (_, place) in places)
            {
                await place.DisposeAsync();
            }

            folder.Delete(recursive: true);
        }

        if (asJson)
        {
            cells.ForEach(cell => Console.WriteLine(JsonSerializer.Serialize(cell)));
        }
        else
        {
            Write([.. await OtherEngineAsync(), .. cells]);
        }
    }

    // An Orleans build shows the embedded engine beside it, if that is built: one process can have only one engine.
    private static async Task<List<Cell>> OtherEngineAsync()
    {
        var other = AppContext.BaseDirectory.Replace("/orleans/", "/embedded/", StringComparison.Ordinal);
        var program = Path.Combine(other, "Hugesim.Benchmarks.dll");
        if (GrainHost.IsCheap || other == AppContext.BaseDirectory || !File.Exists(program))
        {
            return [];
        }

        using var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", program, "quick", JsonName]) { RedirectStandardOutput = true })!;
        var lines = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Cell>(line)!).Where(cell => cell.Place.StartsWith('1'))];
    }

    private static void Write(List<Cell> cells)
    {
        var places = cells.Select(cell => (cell.Engine, cell.Place)).Distinct().ToArray();
        Console.WriteLine($"median microseconds of {Rounds} rounds, one caller; in brackets, times the first column");
        Console.WriteLine($"{"",-32}{string.Concat(places.Select(place => $"{place.Engine,28}"))}");
        Console.WriteLine($"{"",-32}{string.Concat(places.Select(place => $"{place.Place,28}"))}");
        foreach (var row in cells.GroupBy(cell => cell.Operation))
        {
            var times = places.Select(place => row.First(cell => (cell.Engine, cell.Place) == place).Microseconds).ToArray();
            Console.WriteLine($"{row.Key,-32}{string.Concat(times.Select(time =>
                $"{time.ToString("N1", CultureInfo.InvariantCulture),18} {$"({(time / times[0]).ToString("N1", CultureInfo.InvariantCulture)})",9}"))}");
        }
    }

    // All places take turns in each round, so that what else the machine does meets all of them.
    private static async Task<List<Cell>> MeasureAsync(List<(string Name, Place Place)> places)
    {
        var cells = new List<Cell>();
        foreach (var (what, work) in new (string, Func<Place, Task>)[]
        {
            ("bare grain call", place => place.CallAsync()),
            ("reserved private write fault", place => place.FaultAsync()),
            ($"fork of {Mappings} mappings, and exit", place => place.ForkAsync()),
        })
        {
            var times = places.Select(_ => new List<double>()).ToArray();
            for (var round = -WarmUpRounds; round < Rounds; round++)
            {
                for (var i = 0; i < places.Count; i++)
                {
                    var microseconds = await MeasureAsync(places[i].Place, work);
                    if (round >= 0)
                    {
                        times[i].Add(microseconds);
                    }
                }
            }

            cells.AddRange(places.Select((place, i) => new Cell(GrainHost.EngineName, place.Name, what, times[i].Order().ElementAt(Rounds / 2))));
        }

        return cells;
    }

    private static async Task<double> MeasureAsync(Place place, Func<Place, Task> work)
    {
        var (count, clock) = (0, Stopwatch.StartNew());
        while (clock.Elapsed < s_time)
        {
            await place.RunAsync(() => work(place));
            count++;
        }

        return clock.Elapsed.TotalMicroseconds / count / place.TakeCallsPerRun();
    }

    /// <summary>What an operation costs somewhere.</summary>
    private sealed record Cell(string Engine, string Place, string Operation, double Microseconds);

    /// <summary>A machine with one process that has many mappings, somewhere.</summary>
    private sealed class Place(IGrainHost host, IMachineGrain machine, string name, IProcessGrain process, IAsyncDisposable? silos) : IAsyncDisposable
    {
        private const int CallsPerRun = 64;
        private int _calls = 1;
        private (long Address, long Next) _faults;
        private IGrainFactory? _grains;

        public static async Task<Place> StartAsync(IGrainHost host, IAsyncDisposable? silos)
        {
            var name = $"bench{Guid.NewGuid():N}"[..12];
            return await host.RunAsync(async grains =>
            {
                var machine = grains.GetGrain<IMachineGrain>(name);
                var context = await machine.Boot(new BootMachine(KernelProfiles.Newest.Name, 1, 1L << 24));
                await grains.GetGrain<IHstateGrain>(Keys.Hstate(name)).SetMaxHugePages(new SetPoolRequest(Pages + 2 * Mappings, -1, ~0L));
                var process = grains.GetGrain<IProcessGrain>(Keys.Process(name, await machine.NextPid()));
                await process.Spawn(context, TaskContext.Default);
                for (var i = 0; i < Mappings; i++)
                {
                    var mapped = await MapAsync(process, 1);
                    await process.Touch(mapped.Address, 1, write: true, 1);
                }

                return new Place(host, machine, name, process, silos) { _faults = (0, Pages) };
            });
        }

        public async Task RunAsync(Func<Task> work) => await host.RunAsync(async grains =>
        {
            _grains = grains;
            await work();
            return true;
        });

        public int TakeCallsPerRun() => _calls;

        public async Task CallAsync()
        {
            _calls = CallsPerRun;
            for (var i = 0; i < CallsPerRun; i++)
            {
                await process.GetTask();
            }
        }

        // A new mapping each time that all pages of the last one are in use.
        public async Task FaultAsync()
        {
            _calls = CallsPerRun;
            if (_faults.Next + CallsPerRun > Pages)
            {
                if (_faults.Address != 0)
                {
                    await process.Munmap(_faults.Address, Pages * Units.PageBytes);
                }

                _faults = ((await MapAsync(process, Pages)).Address, 0);
            }

            for (var i = 0; i < CallsPerRun; i++)
            {
                await process.Touch(_faults.Address + _faults.Next++ * Units.PageBytes, 1, write: true, 1);
            }
        }

        public async Task ForkAsync()
        {
            _calls = 1;
            if (_faults.Address != 0)
            {
                await process.Munmap(_faults.Address, Pages * Units.PageBytes);
                _faults = (0, Pages);
            }

            var pid = await machine.NextPid();
            await process.Fork(pid);
            await _grains!.GetGrain<IProcessGrain>(Keys.Process(name, pid)).Exit();
        }

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            if (silos is not null)
            {
                await silos.DisposeAsync();
            }
        }

        private static async ValueTask<MmapAnswer> MapAsync(IProcessGrain process, long pages)
        {
            var answer = await process.Mmap(new MmapCall(
                0, pages * Units.PageBytes, Fixed: false, Read: true, Write: true, Shared: false, NoReserve: false, -1, 0, Populate: false));
            return answer.Error == Errno.None ? answer : throw new InvalidOperationException($"mmap of {pages} pages failed with {answer.Error}");
        }
    }
}

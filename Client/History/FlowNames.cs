using Hugesim.Explore;
using Hugesim.Scenarios;

namespace Hugesim.History;

/// <summary>What flows are called, and which of them failed.</summary>
internal static class FlowNames
{
    /// <summary>The name of a command's flow: its word in the language, or what an access is.</summary>
    public static string Of(ScenarioCommand command)
    {
        var words = command.Source.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var verb = command is ProcessCommand && words.Length > 1 ? words[1] : words[0];
        return verb switch
        {
            "r" => "load",
            "w" => "store",
            _ => verb,
        };
    }

    /// <summary>A grain without the machine's name, which is the same everywhere: <c>vma/m1/1/vma0</c> is <c>vma 1/vma0</c>.</summary>
    public static string Place(string grain)
    {
        var parts = grain.Split('/', 3);
        return parts.Length == 3 ? $"{parts[0]} {parts[2]}" : parts[0];
    }

    /// <summary>A delivery as people read it: <c>inode A/0/0 calls hstate 2048kB: Reserve</c>.</summary>
    public static string Describe(StoryDelivery delivery) =>
        $"{Place(delivery.Source)} {(delivery.IsAnswer ? "answers" : "calls")} {Place(delivery.Target)}: {delivery.Method.Split('.')[^1]}";

    /// <summary>Did the kernel refuse the command, or end a process with a signal? What the recorder itself says of a command is neither.</summary>
    public static bool IsFailure(string answer) =>
        answer.StartsWith('E') || answer.StartsWith("SIG", StringComparison.Ordinal) || answer.StartsWith("killed by SIGBUS", StringComparison.Ordinal)
        || answer.StartsWith("killed by SIGSEGV", StringComparison.Ordinal);
}

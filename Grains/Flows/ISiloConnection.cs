namespace Hugesim.Grains;

/// <summary>The connection of a caller outside of the silos, as it sees it.</summary>
public interface ISiloConnection
{
    /// <summary>Ends when calls that are under way now may have lost their answer.</summary>
    Task NextLoss { get; }

    /// <summary>Does this failure say that the connection did not take a call? Another gateway may.</summary>
    bool IsRefusal(Exception failure);
}

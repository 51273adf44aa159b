namespace Hugesim.Cli;

/// <summary>Passes writes on and tells a reader that is gone from other failures. After a failure everything is dropped.</summary>
internal sealed class ClosableOutputStream(Stream inner) : Stream
{
    // EPIPE, ERROR_BROKEN_PIPE and ERROR_NO_DATA.
    private static readonly int[] BrokenPipe = [32, unchecked((int)0x8007006D), unchecked((int)0x800700E8)];

    private bool _failed;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() => Guard(inner.Flush);

    public override void Write(byte[] buffer, int offset, int count) => Guard(() => inner.Write(buffer, offset, count));

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Guard(Action write)
    {
        if (_failed)
        {
            return;
        }

        try
        {
            write();
        }
        catch (IOException exception)
        {
            _failed = true;
            throw BrokenPipe.Contains(exception.HResult) ? new OutputClosedException(exception) : new OutputFailedException(exception);
        }
    }
}

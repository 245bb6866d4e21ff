using System.Net;
using System.Net.Sockets;

namespace Retention.Api.Commands;

/// <summary>The question whether the service can have a port, asked before anything is started for it.</summary>
internal static class LoopbackPort
{
    /// <summary>Whether both loopback addresses, or the one that this machine has, are free for a listener.</summary>
    public static bool IsFree(int port) => CanBind(IPAddress.Loopback, port) && CanBind(IPAddress.IPv6Loopback, port);

    private static bool CanBind(IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return true;
        }
        catch (SocketException fault)
        {
            return fault.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported;
        }
    }
}

"""Sockets that hold little, so that whoever writes has to wait for whoever reads."""

import socket

__all__ = ["narrowed"]


def narrowed(opened: socket.socket, size: int) -> socket.socket:
    """The socket, not blocking, with room for so many bytes each way (or as few as the system allows)."""
    # Before it listens or connects: what a connection begins with is what it keeps.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
    opened.setblocking(False)
    return opened

"""Ports of this machine for a program that is told where to listen before it does."""

import os
import socket
from contextlib import closing, suppress
from itertools import count

# Of each process its own, and below those from which systems dial by themselves (Linux: from 32768).
_PORTS = count(10_000 + os.getpid() * 37 % 20_000)


def free_bind() -> str:
    """An address where nobody listens, and from which nobody dials meanwhile."""
    for port in _PORTS:
        with suppress(OSError), closing(socket.create_server(("127.0.0.1", port))):
            return f"127.0.0.1:{port}"
    raise AssertionError("unreachable")

"""Ports of this machine for servers of our own."""

import socket
from collections.abc import Collection
from random import SystemRandom

# Below 32768, where Linux begins to take ports for outgoing connections: a server that is started again after a
# `kill -9` could else find its port held by somebody's connection, and a client that tries a port where nobody
# listens can be given that very port and then talks to itself.
LOWEST, HIGHEST = 15_000, 32_767
ANY = SystemRandom()  # two platforms that start together draw different ones


def free_port(but: Collection[int] = ()) -> int:
    """A port of this machine that nobody listens on now, drawn by chance, none of `but`.

    Where a thousand draws find none, whatever the system gives.
    """
    for _ in range(1000):
        port = ANY.randint(LOWEST, HIGHEST)
        if port not in but and _binds(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _binds(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def listening(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0

"""A server of the tests leaves nothing behind in their process."""

import gc
import socket

import pytest

from tests.serving import serving

pytestmark = pytest.mark.network


async def slow(scope: dict[str, object], receive: object, send: object) -> None:
    """Begins an answer that never ends."""
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
    while True:
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})  # type: ignore[operator]


def test_a_peer_that_reads_nothing_does_not_keep_its_connection_open() -> None:
    with serving(slow, lifespan="off", timeout_graceful_shutdown=0.1) as url:
        peer = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
        peer.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert peer.recv(10)
    gc.collect()  # an unclosed socket would be a warning here, which is an error
    peer.close()

"""An ASGI app on a port of this machine, for as long as a test needs it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


class Server(uvicorn.Server):
    """uvicorn, which leaves nothing open behind it.

    What a peer has not closed within the graceful time it leaves to its process's end; in a test's process that is
    an unclosed socket, which fails whichever test the garbage collector meets it in.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, and it says so."""
        await super().startup(sockets)
        self.is_up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then what is still connected is cut off."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # their ends are in the loop's queue, before us


@contextmanager
def serving(app: Any, **settings: Any) -> Iterator[str]:
    """URL of an app on a port of its own; `settings` are uvicorn's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="warning", **{"timeout_graceful_shutdown": 2, **settings})
        server = Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            assert server.is_up.wait(60), "the server did not start"
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not end"

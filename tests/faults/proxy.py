"""A TCP proxy before any part (broker, store, object store, registry) whose faults a test switches while it runs.

    with Proxy("127.0.0.1", port) as proxy:      # clients connect to proxy.url or proxy.bootstrap
        proxy.fault = Refuse()                   # away: connections are refused, those there are reset
        proxy.fault = Slow(2.0)                  # every first byte of an answer comes 2 s late
        proxy.fault = Answer(503)                # HTTP: nothing reaches the part, 503 comes back
        proxy.fault = CutAnswer(after_bytes=20)  # HTTP or not: the part did it, its answer breaks off
        proxy.fault = CutAsk(after_bytes=5000)   # the part gets half of what was asked
        proxy.fault = Stall()                    # connections stay, nothing moves
        proxy.fault = None                       # well again

A fault is a value and holds for whatever is asked from then on, on connections that are there too. `only` picks
requests by a word in their first bytes (`Answer(500, only=b"INSERT")`): ClickHouse's and S3's have one; a Kafka
connection is judged by its bytes alone. `proxy.did[FaultClass]` counts how often each fault struck.
"""

import socket
import struct
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

PIECE = 64 << 10
TICK_S = 0.02
ANSWER = b"HTTP/1.1 %d Fault\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The part is away: new connections are refused, others reset."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Connections are there and nothing moves on them."""


@dataclass(frozen=True, slots=True)
class Slow:
    """Each answer begins so many seconds late."""

    seconds: float
    only: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of the proxy's own; the part never sees the request."""

    status: int
    body: bytes = b"fault\n"
    only: bytes = b""


@dataclass(frozen=True, slots=True)
class CutAnswer:
    """The part gets the whole request and does it; its answer breaks off after so many bytes."""

    after_bytes: int = 0
    only: bytes = b""


@dataclass(frozen=True, slots=True)
class CutAsk:
    """The request breaks off after so many bytes; what came through is all the part sees."""

    after_bytes: int
    only: bytes = b""


Fault = Refuse | Stall | Slow | Answer | CutAnswer | CutAsk


def reset(end: socket.socket) -> None:
    """Ends a connection so that the other side sees it break, not end."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    with suppress(OSError):
        end.shutdown(socket.SHUT_RD)  # wakes the thread that reads, and sends no ordinary end first
    end.close()


class Proxy:
    """Listens on 127.0.0.1 from construction to `close` and passes bytes on to one upstream.

    A port that is given stays the same while the listener comes and goes. For a Kafka broker, its advertised
    listener has to name the proxy, or clients go round it after the first answer.
    """

    def __init__(self, host: str, port: int, listen: int = 0) -> None:
        self._upstream = (host, port)
        self._fault: Fault | None = None
        self._pairs: set[Pair] = set()
        self._guard = threading.Lock()
        self._closed = False
        self.did: Counter[type] = Counter()
        self._listener: socket.socket | None = None
        self.port = listen
        self._listen()

    @property
    def url(self) -> str:
        """Where HTTP clients find the part."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def bootstrap(self) -> str:
        """Where Kafka clients find the part."""
        return f"127.0.0.1:{self.port}"

    @property
    def fault(self) -> Fault | None:
        """What is wrong now."""
        return self._fault

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        self._fault = fault
        if isinstance(fault, Refuse):
            self.did[Refuse] += 1
            self._deafen()
            self.drop()
        elif self._listener is None:
            self._listen()

    def drop(self) -> None:
        """Resets every connection that is there."""
        with self._guard:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            pair.end()

    def close(self) -> None:
        """Ends the listener and every connection."""
        self._closed = True
        self._deafen()
        self.drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _deafen(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._upstream, timeout=10)
            except OSError:
                reset(client)
                continue
            for end in (client, server):
                end.settimeout(None)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = Pair(self, client, server)
            with self._guard:
                self._pairs.add(pair)
            if self._closed or isinstance(self._fault, Refuse):
                self.drop()
                return
            pair.start()

    def forget(self, pair: "Pair") -> None:
        """Called by a connection that has ended."""
        with self._guard:
            self._pairs.discard(pair)


class Pair:
    """One connection: a thread for what is asked and one for what is answered."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._fault: Fault | None = None  # what the request in hand meets
        self._late = False
        self._answered = True
        self._left = 0
        self._ended = False

    def start(self) -> None:
        """Begins to pass bytes on."""
        for work in (self._ask, self._answer):
            threading.Thread(target=work, daemon=True).start()

    def end(self) -> None:
        """Breaks both sides."""
        self._ended = True
        reset(self._client)
        reset(self._server)
        self._proxy.forget(self)

    def _stalled(self) -> None:
        while isinstance(self._proxy.fault, Stall) and not self._ended:
            time.sleep(TICK_S)

    def _meets(self, piece: bytes) -> Fault | None:
        fault = self._proxy.fault
        only = getattr(fault, "only", b"")
        return fault if not only or only in piece else None

    def _ask(self) -> None:
        with suppress(OSError):
            asking = False  # whether pieces of one request are coming, its fault being chosen
            while piece := self._client.recv(PIECE):
                self._stalled()
                if not asking or self._answered:
                    self._answered, asking = False, True
                    self._fault = self._meets(piece)
                    if self._fault is not None and not isinstance(self._fault, Stall):
                        self._proxy.did[type(self._fault)] += 1
                    self._late = isinstance(self._fault, Slow)
                    self._left = getattr(self._fault, "after_bytes", 0)
                match self._fault:
                    case Answer(status, body):
                        self._drain()
                        self._client.sendall(ANSWER % (status, len(body)) + body)
                        break
                    case CutAsk():
                        self._server.sendall(piece[: self._left])
                        self._left -= len(piece)
                        if self._left <= 0:
                            break
                    case _:
                        self._server.sendall(piece)
        if isinstance(self._fault, Answer):
            self._finish()
        else:
            self.end()

    def _drain(self) -> None:
        """Takes the rest of the request, so that the client reads our answer and not a broken pipe."""
        self._client.settimeout(0.2)
        with suppress(TimeoutError):
            while self._client.recv(PIECE):
                pass

    def _finish(self) -> None:
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_WR)
        self._ended = True
        self._client.close()
        reset(self._server)
        self._proxy.forget(self)

    def _answer(self) -> None:
        with suppress(OSError):
            while piece := self._server.recv(PIECE):
                self._stalled()
                self._answered = True
                if self._late and isinstance(self._fault, Slow):
                    self._late = False
                    time.sleep(self._fault.seconds)
                if isinstance(self._fault, CutAnswer):
                    self._client.sendall(piece[: max(0, self._left)])
                    self._left -= len(piece)
                    if self._left <= 0:
                        break
                else:
                    self._client.sendall(piece)
        if not isinstance(self._fault, Answer):
            self.end()

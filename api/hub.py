"""What happens now, handed to everybody who listens: a mailbox each, and a memory for those who come back."""

import asyncio
import contextlib
import secrets
import threading
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from api.mailbox import Mailbox, Message

PACE_S = 0.05
ALIVE_S = 10.0
REMEMBERED = 5000  # highlights and items: hours of a busy platform, a few MB


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages, and the id by which a listener says later that it has heard everything up to here."""

    id: str
    messages: list[dict[str, Any]]


class Hub:
    """Hands messages of one thread to listeners on event loops. Nobody waits for a listener."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._lock = threading.Lock()
        self._boxes: dict[int, tuple[Mailbox, asyncio.AbstractEventLoop, asyncio.Event]] = {}
        self._now: dict[tuple[str, str], Message] = {}
        self._life = secrets.token_hex(4)  # an id of another life of this process says nothing here
        self._said = 0
        self._ring: deque[tuple[int, Message]] = deque(maxlen=remembered)
        self._closed = False

    def publish(self, message: Message, fresh: bool = True) -> None:
        """Gives a message to all that listen; of what is not fresh only the present state, who asked before it
        was known waits for it.
        """
        with self._lock:
            if message.kind == "state":
                self._now[message.stream_id, message.noun] = message
            elif not fresh:
                return
            else:
                self._said += 1
                self._ring.append((self._said, message))
            for box, loop, event in self._boxes.values():
                box.put(message)
                _wake(loop, event)

    def watermarks(self) -> dict[str, dict[str, int]]:
        """By stream and noun, of what was said most recently."""
        marks: dict[str, dict[str, int]] = {}
        with self._lock:
            for (stream, noun), message in self._now.items():
                marks.setdefault(stream, {})[noun] = message.body["watermark_us"]
        return marks

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._boxes)

    async def listen(self, stream_id: str = "", after: str = "") -> AsyncIterator[Batch]:
        """Batches of messages as they come, the present state first; an empty one at least every 10 s. Ends when
        the hub closes or this listener is hopelessly slow.

        `after` is the id of the last batch of an earlier time: highlights and items since then come first. Where
        that is not known any more (this process is another one, or too much was said) a `lost` says so.
        """
        box, event = Mailbox(stream_id), asyncio.Event()
        with self._lock:
            self._catch_up(box, after)
            for message in self._now.values():
                box.put(message)
            self._boxes[id(box)] = (box, asyncio.get_running_loop(), event)
        event.set()
        try:
            while not (self._closed or box.overrun):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), ALIVE_S)
                event.clear()
                with self._lock:
                    batch = Batch(f"{self._life}-{self._said}", box.take())
                yield batch
                await asyncio.sleep(PACE_S)  # twenty pictures a second are enough; the rest is merged
        finally:
            with self._lock:
                self._boxes.pop(id(box), None)

    def close(self) -> None:
        """Sends all listeners home."""
        self._closed = True
        with self._lock:
            for _, loop, event in self._boxes.values():
                _wake(loop, event)

    def _catch_up(self, box: Mailbox, after: str) -> None:
        if not after:
            return
        life, _, number = after.partition("-")
        heard = int(number) if number.isdecimal() and len(number) < 20 else -1
        oldest = self._ring[0][0] if self._ring else self._said + 1
        if life != self._life or not oldest - 1 <= heard <= self._said:
            box.lose(max(1, self._said - heard) if life == self._life and heard >= 0 else 1)
        else:
            for at, message in self._ring:
                if at > heard:
                    box.put(message)


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # its loop has just ended
        loop.call_soon_threadsafe(event.set)

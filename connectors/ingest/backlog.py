"""What waits between a camera and the log: bounded in bytes, the oldest goes first."""

import threading
from collections import deque
from collections.abc import Mapping

from connectors.ingest.writer import NOUN_OF, Raw
from schemas.records import Audio, Frame, Packets

RECORD_BYTES = 200


def size_of(record: Raw) -> int:
    """Bytes that a record takes, roughly: its media and a little."""
    match record:
        case Frame():
            return RECORD_BYTES + len(record.image)
        case Audio():
            return RECORD_BYTES + len(record.pcm)
        case Packets():
            return RECORD_BYTES + sum(RECORD_BYTES + len(p.data) for p in record.packets)


class Backlog:
    """A queue between two threads. `put` never waits: where there is no room the oldest is dropped and counted."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._waiting: deque[tuple[Raw, int]] = deque()
        self._bytes = 0
        self._closed = False
        self._dropped: dict[str, int] = {}
        self._changed = threading.Condition()
        self.dropped_all = 0

    def put(self, record: Raw) -> None:
        """Adds a record; ignored once closed."""
        size = size_of(record)
        with self._changed:
            if self._closed:
                return
            self._waiting.append((record, size))
            self._bytes += size
            while self._bytes > self._most_bytes and len(self._waiting) > 1:
                lost, lost_size = self._waiting.popleft()
                self._bytes -= lost_size
                noun = NOUN_OF[type(lost)]
                self._dropped[noun] = self._dropped.get(noun, 0) + 1
                self.dropped_all += 1
            self._changed.notify()

    def get(self, timeout_s: float) -> tuple[Raw, int] | None:
        """The oldest record, and how many of its topic were dropped just before it; None if nothing comes."""
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(timeout_s)
            if not self._waiting:
                return None
            record, size = self._waiting.popleft()
            self._bytes -= size
            return record, self._dropped.pop(NOUN_OF[type(record)], 0)

    def close(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    @property
    def finished(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._closed and not self._waiting

    def left(self) -> Mapping[str, int]:
        """Dropped records by noun that no record after them has told of."""
        with self._changed:
            return dict(self._dropped)

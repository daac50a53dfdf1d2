"""What waits of a partition's inputs: queues, where they stand, and what there is instead of records."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from processors.bounded import marks
from processors.gaps import Gap
from processors.place import Limits, Place


class Inbox:
    """Queues of one partition's inputs. `want` is the offset that is to be handed over next, by input."""

    def __init__(self, topics: Sequence[str], partition: int, place: Place, limits: Limits) -> None:
        self.topics, self.partition = list(topics), partition
        self.want = list(place.starts)
        self.holes: dict[tuple[int, int], int] = {}
        self.wake = asyncio.Event()
        self._limits, self._bounds = limits, place.bounds
        self._queues: list[deque[Any]] = [deque() for _ in topics]
        self._bytes = [0] * len(topics)
        for at, missing in enumerate(place.lost):
            if missing:
                self._queues[at].append(self._gap(at, missing, place.starts[at], place.ends[at]))
        for at in range(len(topics)):
            self._mark_if_over(at)

    def room(self, at: int) -> bool:
        """Whether more of an input may be fetched. What merges hold back is bounded by the driver: if it counted
        here, two streams that wait for what lies behind each other's records would stop each other for ever.
        """
        return len(self._queues[at]) < self._limits.records and self._bytes[at] < self._limits.bytes

    def bounded(self, at: int) -> bool:
        """Whether only a stretch of an input is read."""
        return self._bounds[at] is not None

    def over(self, at: int) -> bool:
        """Whether an input was read to the end of its stretch."""
        bound = self._bounds[at]
        return bound is not None and self.want[at] >= bound.end

    @property
    def queued_bytes(self) -> int:
        """Bytes waiting in queues."""
        return sum(self._bytes)

    def real(self, at: int, places: Sequence[int]) -> int:
        """One of `want` or `done` as an offset that the log has: end marks stand behind a stretch's."""
        bound = self._bounds[at]
        return places[at] if bound is None else min(places[at], bound.end)

    def push(self, at: int, record: Any) -> None:
        """Queues the next record of an input, unless it lies behind its stretch."""
        bound = self._bounds[at]
        if bound is None or record.offset < bound.end:
            self.want[at] = record.offset + 1
            self._queues[at].append(record)
            self._bytes[at] += len(record.value or b"")
        elif not self.over(at):  # the stretch ends in offsets that hold no record
            self.want[at] = bound.end
        else:
            return
        self._mark_if_over(at)
        self.wake.set()

    def skip(self, at: int, to: int, low: int, end: int) -> None:
        """Goes on behind offsets of an input that hold no record: they never did (a producer's transaction ended
        there), or they do no more where they lie before `low`. `end` is where the log ends now.
        """
        if missing := max(0, min(to, low) - self.want[at]):
            self._queues[at].append(self._gap(at, missing, to, end))
            self.wake.set()
        self.want[at] = to

    def _gap(self, at: int, missing: int, to: int, end: int) -> Gap:
        return Gap(self.topics[at], self.partition, to - 1, missing, end)

    def _mark_if_over(self, at: int) -> None:
        bound = self._bounds[at]
        if bound is not None and self.want[at] >= bound.end:
            self._queues[at].extend(marks(bound, self.topics[at], self.partition, self.want[at]))

    def take(self, limit: int) -> list[tuple[int, Any]]:
        """The next records; of several inputs in turns, so that none runs ahead in the merge for long."""
        batch: list[tuple[int, Any]] = []
        while len(batch) < limit and any(self._queues):
            for at, queue in enumerate(self._queues):
                if queue and len(batch) < limit:
                    record = queue.popleft()
                    self._bytes[at] -= len(record.value or b"")
                    batch.append((at, record))
        if not batch:
            self.wake.clear()
        return batch

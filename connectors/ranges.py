"""Announced ranges: what a sink has taken of one partition, as values. No Kafka and no clock in here.

A range of offsets is fixed, announced in the metadata of the commit that closes the one before it, written under
a token that names it, and closed by the next commit. After a crash the announced range is read and written again
with the same token, so that the store can tell; nothing is ever written that was not announced.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets from `start` up to but not including `end` of one partition, and what was made of the records: rows,
    or a `block` of all of them.
    """

    topic: str
    partition: int
    start: int
    end: int
    rows: tuple[Any, ...] = ()
    block: Any = None

    def token(self, table: str) -> str:
        """What names the write: the same span of the same topic has the same one for ever."""
        return f"{table}:{self.topic}:{self.partition}:{self.start}-{self.end}"


@dataclass(slots=True)
class Lane:
    """One partition: taken rows wait here until a span is cut off.

    start: first offset that no closed span holds. announced: end of the span that a former life announced and
    perhaps did not write, None if there is none. pending: span that was cut and is not yet written. next: offset
    expected next. since_s: when the first row came. gone: the partition is another's now.
    settled: offset that the group was last told to be closed.
    """

    topic: str
    partition: int
    start: int
    announced: int | None = None
    pending: Span | None = None
    next: int = -1
    since_s: float = 0.0
    gone: bool = False
    settled: int = -1
    rows: list[tuple[int, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next = self.settled = self.start

    def take(self, offset: int, row: Any | None, now_s: float) -> int:
        """Takes the record at an offset (row None: it leaves no row) and tells how many offsets were missing
        before it: 0, or what retention took unread. A record taken before is left alone.
        """
        if offset < self.next:
            return 0
        missing = offset - self.next
        if self.next == self.start:
            self.since_s = now_s
        self.next = offset + 1
        if row is not None:
            self.rows.append((offset, row))
        return missing

    def due(self, now_s: float, max_rows: int, linger_s: float) -> bool:
        """Whether a span should be cut off now: never while one is not written, and an announced one as soon as
        its end has been read. (With a linger of 0: as soon as there is anything.)
        """
        if self.pending is not None:
            return False
        if self.announced is not None:
            return self.next >= self.announced
        return self.next > self.start and (len(self.rows) >= max_rows or now_s - self.since_s >= linger_s)

    def cut(self, max_rows: int, now_s: float) -> Span:
        """The next span; what is left waits on. An announced span is cut exactly as it was announced."""
        if self.announced is not None:
            end = self.announced
        elif len(self.rows) > max_rows:
            end = self.rows[max_rows][0]
        else:
            end = self.next
        count = bisect_left(self.rows, end, key=itemgetter(0))
        span = Span(self.topic, self.partition, self.start, end, tuple(row for _, row in self.rows[:count]))
        del self.rows[:count]
        self.start, self.announced, self.since_s, self.pending = end, None, now_s, span
        return span

    def written(self) -> None:
        """The span that was cut is in the store."""
        self.pending = None

    @property
    def closed(self) -> int | None:
        """Offset before which everything is in the store, None while a span is announced and not written."""
        return self.start if self.pending is None and self.announced is None else None


def announcement(end: int) -> str:
    """Metadata of the commit that announces a span up to `end`."""
    return f"framelog:{end}"


def announced_end(metadata: str | None) -> int | None:
    """The end that a commit's metadata announces, None where it announces nothing."""
    mark, _, end = (metadata or "").partition(":")
    return int(end) if mark == "framelog" and end.isdigit() else None

"""The index from stream time to offsets: pure, fed with the notices of `streams` and with raw records.

It relies on what every reader enforces: within a session and topic, offsets, seq and stream time rise together
(what runs back or comes again is dropped by all). So one known record bounds all others on both sides.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from schemas.records import Audio, Frame, Packets, StreamNotice

Raw = Frame | Audio | Packets
ALWAYS_US = -(1 << 62)
NEVER_US = 1 << 62
STEP_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Mark:
    """One record of a session whose place is known.

    since_us: none of the session's records at or after this stream time lies before the offset.
    end: it is the session's end mark.
    """

    topic: str
    partition: int
    offset: int
    seq: int
    pts_us: int
    since_us: int
    end: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """One session as far as it is known: first and last stream time, raw topics it has marks in."""

    stream_id: str
    session_id: str
    first_us: int
    last_us: int
    ended: bool
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Offsets `start` up to but not including `stop` of a partition: all that was asked for lies in them, between
    records of other streams and perhaps of earlier or later times.
    """

    topic: str
    partition: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Missing:
    """What retention has taken of a stretch.

    wanted: first offset that would have to be read, None where it is not known any more.
    available: first offset of the partition that is left. available_us: stream time of the session's first record
    that is left in the topic; None where none is.
    """

    topic: str
    partition: int
    wanted: int | None
    available: int
    available_us: int | None

    def __str__(self) -> str:
        first = "some offset" if self.wanted is None else str(self.wanted)
        left = "nothing of the session is left"
        if self.available_us is not None:
            left = f"the session is whole from {self.available_us / 1e6:.2f} s on"
        return f"{self.topic}[{self.partition}]: offsets from {first} up to {self.available} have expired; {left}"


@dataclass(slots=True)
class _Known:
    first_us: int
    last_us: int
    told_us: int = ALWAYS_US
    ended: bool = False
    came: set[str] = field(default_factory=set)
    marks: dict[str, list[Mark]] = field(default_factory=dict)
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)


class Places:
    """Where the sessions of some streams lie. Notices may come in any order, raw records come in the log's; both
    may come again.
    """

    def __init__(self, notices: Iterable[StreamNotice] = ()) -> None:
        self._known: dict[tuple[str, str], _Known] = {}
        for notice in notices:
            self.add(notice)

    def add(self, notice: StreamNotice) -> None:
        """Takes a notice of the `streams` topic."""
        known = self._session(notice.stream_id, notice.session_id, notice.pts_us)
        if notice.end or notice.kind == "ended":
            known.ended, known.told_us = True, NEVER_US
        if notice.kind == "progress":
            known.told_us = max(known.told_us, notice.end_us)
        known.came |= {*notice.media, *(t.label for t in notice.received)}
        if notice.kind == "started":
            known.first_us = min(known.first_us, notice.start_us)
        for p in notice.positions:
            since_us = ALWAYS_US if notice.kind == "started" else notice.end_us
            _insert(known, Mark(p.topic, p.partition, p.offset, p.seq, p.pts_us, since_us))

    def saw(self, topic: str, partition: int, offset: int, record: Raw) -> None:
        """Takes a raw record that was read; one of each second of stream time is kept, the first and the end."""
        known = self._session(record.stream_id, record.session_id, record.pts_us)
        seq, pts_us = known.seen.get(topic, (-1, ALWAYS_US))
        if record.seq <= seq or record.pts_us < pts_us:
            return  # a repeat, or time that runs back
        known.ended |= record.end
        known.seen[topic] = (record.seq, record.pts_us)
        since_us = pts_us + 1 if seq == record.seq - 1 and pts_us > ALWAYS_US else record.pts_us + 1
        if record.seq == 0:
            since_us = ALWAYS_US
        mark = Mark(topic, partition, offset, record.seq, record.pts_us, since_us, record.end)
        last = max((m.pts_us for m in known.marks.get(topic, ()) if m.offset < offset), default=ALWAYS_US)
        if record.end or record.seq == 0 or record.pts_us - last >= STEP_US:
            _insert(known, mark)

    def _session(self, stream_id: str, session_id: str, pts_us: int) -> _Known:
        known = self._known.setdefault((stream_id, session_id), _Known(pts_us, pts_us))
        known.first_us, known.last_us = min(known.first_us, pts_us), max(known.last_us, pts_us)
        return known

    def sessions(self, stream: str | None = None) -> tuple[Session, ...]:
        """The sessions of a stream (of all streams), as they became known, which is oldest first."""
        return tuple(
            Session(s, e, known.first_us, known.last_us, known.ended, tuple(sorted(known.marks)))
            for (s, e), known in self._known.items()
            if stream in (None, s)
        )

    def session(self, stream: str, session: str | None = None) -> Session | None:
        """One session, or the stream's newest; None if it is not known."""
        return next((s for s in reversed(self.sessions(stream)) if session in (None, s.session_id)), None)

    def marks(self, stream: str, session: str, topic: str) -> tuple[Mark, ...]:
        """What is known of a session in a raw topic (its whole name), by offset."""
        known = self._known.get((stream, session))
        return tuple(known.marks.get(topic, ())) if known is not None else ()

    def absent(self, stream: str, session: str, noun: str, t_us: int) -> bool:
        """Whether the notices say that the session had nothing of a raw noun before a stream time."""
        known = self._known.get((stream, session))
        return known is not None and known.told_us >= t_us and noun not in known.came

    def before(self, stream: str, session: str, topic: str, t_us: int) -> Mark | None:
        """The last known place at or before the session's first record with `pts_us >= t_us`.

        None where no such place is known: the partition's beginning is one.
        """
        return max(
            (m for m in self.marks(stream, session, topic) if min(m.since_us, m.pts_us + 1) <= t_us),
            key=lambda m: m.offset, default=None,
        )  # fmt: skip

    def after(self, stream: str, session: str, topic: str, t_us: int) -> int | None:
        """The first known offset behind all of the session's records with `pts_us < t_us`.

        None where no such offset is known: the partition's end is one.
        """
        for m in self.marks(stream, session, topic):
            if m.end:
                return m.offset + 1
            if m.pts_us >= t_us:
                return m.offset
        return None


def _insert(known: _Known, mark: Mark) -> None:
    """Puts a mark in its place; two of the same offset become one that knows what both did."""
    known.first_us = min(known.first_us, mark.pts_us)
    known.last_us = max(known.last_us, mark.pts_us)
    marks = known.marks.setdefault(mark.topic, [])
    at = bisect_left(marks, mark.offset, key=lambda m: m.offset)
    if at < len(marks) and marks[at].offset == mark.offset:
        old = marks[at]
        marks[at] = replace(old, since_us=min(old.since_us, mark.since_us), end=old.end or mark.end)
    else:
        marks.insert(at, mark)


def lost(start: Mark | None, low: int, first_left: Mark | None, topic: str, partition: int, t_us: int
         ) -> Missing | None:  # fmt: skip
    """What of a session from a stream time on is gone, given where reading would begin, the partition's first
    offset, and the session's first record that is left (None: none is); None if all of it is there.
    """
    if low == 0 or (start is not None and start.offset >= low):
        return None
    if first_left is not None and (first_left.seq == 0 or first_left.pts_us < t_us):
        return None
    left_us = first_left.pts_us if first_left is not None else None
    return Missing(topic, partition, start.offset if start is not None else None, low, left_us)

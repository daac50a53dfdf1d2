"""Reading an extent instead of all: what lies outside is left out, and behind the last record come end marks.

A mark stands at a virtual offset behind the extent, so that positions, snapshots and repeats treat it like any
record. Its seq and time follow from what was read before it, so that it is the same at every try.
"""

from dataclasses import dataclass
from typing import Any, cast

from processors.drive import MapDriver
from processors.fold import FoldDriver
from processors.guard import BEFORE_TIME_US
from processors.reading import Arrival, Stored
from schemas.codec import Undecodable
from schemas.records import Record, Ref
from topics.extent import Extent, Passage
from topics.topic import Topic


@dataclass(frozen=True, slots=True)
class EndMark:
    """The place of an end mark in the queue of an input, shaped as a message of the log."""

    topic: str
    partition: int
    offset: int
    passage: Passage
    key: bytes = b""
    value: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


def marks(extent: Extent, topic: str, partition: int, start: int) -> list[EndMark]:
    """The end marks of an extent that lie at or behind an offset."""
    return [
        EndMark(topic, partition, extent.end + at, passage, passage.stream_id.encode())
        for at, passage in enumerate(extent.passages)
        if extent.end + at >= start
    ]


def ended(driver: MapDriver | FoldDriver, at: int, topic: Topic[Record], mark: EndMark) -> Arrival | None:
    """What a mark brings to a driver that has been fed all before it; None where the session has ended there."""
    session = mark.passage.stream_id, mark.passage.session_id
    guard = driver.reached(session, at)
    if guard is None:
        return None
    known_us = guard.pts_us if guard.pts_us > BEFORE_TIME_US else mark.passage.from_us or 0
    record = cast(Any, topic.record)(
        stream_id=session[0], session_id=session[1], seq=guard.seq + 1, pts_us=known_us, end=True
    )
    ref = Ref(topic=mark.topic, partition=mark.partition, offset=mark.offset)
    return Arrival(at, Stored(ref, mark.key, None, mark.headers), record)


def within(extent: Extent | None, arrival: Arrival) -> bool:
    """Whether what a message holds is to be read; of what can not be decoded the key alone decides."""
    if extent is None:
        return True
    if isinstance(arrival.holds, Undecodable):
        return extent.knows(arrival.stored.key)
    return extent.holds(arrival.holds)

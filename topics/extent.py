"""Extents of the log: what a run reads of each partition, and of which sessions. Pure values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.records import Record
from topics.partitioner import partition_of


@dataclass(frozen=True, slots=True, order=True)
class Passage:
    """A session's part that is read: records with from_us <= pts_us < until_us; None stands for no bound."""

    stream_id: str
    session_id: str
    from_us: int | None = None
    until_us: int | None = None

    def holds(self, record: Record) -> bool:
        """Whether a record belongs to it."""
        return (
            (record.stream_id, record.session_id) == (self.stream_id, self.session_id)
            and (self.from_us is None or record.pts_us >= self.from_us)
            and (self.until_us is None or record.pts_us < self.until_us)
        )


@dataclass(frozen=True, slots=True)
class Extent:
    """Offsets first <= offset < end of one partition, of which the passages' records are read.

    Behind `end` stand the passages' end marks, one virtual offset each: `end` + its place among them. So a
    reader's position can say which of them it has taken, and every reader gives each the same offset.
    """

    first: int = 0
    end: int = 0
    passages: tuple[Passage, ...] = ()

    @property
    def last(self) -> int:
        """The offset behind the last end mark."""
        return self.end + len(self.passages)

    def holds(self, record: Record) -> bool:
        """Whether a record of the partition is to be read."""
        return any(p.holds(record) for p in self.passages)

    def knows(self, key: bytes | None) -> bool:
        """Whether a message with this key may belong to a passage."""
        return any(p.stream_id.encode() == key for p in self.passages)


NOTHING = Extent()
Extents = Mapping[tuple[str, int], Extent]
# By topic and partition; a partition of a bounded topic that is not in it has nothing to be read.


def extents(
    passages: Sequence[Passage], offsets: Mapping[tuple[str, int], tuple[int, int]], partitions: int
) -> dict[tuple[str, int], Extent]:
    """The extents of a run: each partition's offsets with the passages whose streams live there.

    Partitions where no passage's stream lives are left out; one that has a passage but no offsets is empty, so
    that its passages end there at once.
    """
    topics = sorted({topic for topic, _ in offsets})
    found = {}
    for number in range(partitions):
        here = tuple(sorted(p for p in passages if partition_of(p.stream_id.encode(), partitions) == number))
        for topic in topics if here else ():
            first, end = offsets.get((topic, number), (0, 0))
            found[topic, number] = Extent(first, end, here)
    return found

"""Records that the log deleted before a station read them: it goes on behind them and closes what they leave open.

A session that had not ended on an input may have had its end among what was deleted. If in all that the log still
held of the input when the gap was met there is nothing more of it, it is ended there by a mark of ours: otherwise
whoever joins would wait for ever. The mark stands at the last deleted offset, so that a station that is killed
before its next snapshot meets the same gap and comes to the same mark.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from processors.bounded import EndMark, ended
from processors.drive import MapDriver, Session
from processors.envelope import REASON
from processors.fold import FoldDriver
from processors.reading import Arrival
from schemas.records import Record
from topics.extent import Passage
from topics.topic import Topic

DELETED = b"its end was deleted before it was read (retention), and nothing more of it came"


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap in an input's queue, shaped as a message of the log. `offset` is the last one that is missing."""

    topic: str
    partition: int
    offset: int
    missing: int
    upto: int
    key: bytes = b""
    value: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(slots=True)
class Forsaken:
    """Sessions of one partition that are behind a gap and of which nothing more has come yet, by input."""

    gaps: dict[int, Gap] = field(default_factory=dict)
    sessions: dict[int, set[Session]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether it is still open what becomes of some."""
        return bool(self.gaps)

    def begin(self, driver: MapDriver | FoldDriver, at: int, gap: Gap) -> None:
        """Meets a gap."""
        self.gaps[at], self.sessions[at] = gap, set(driver.unended(at))

    def found(self, at: int, session: Session) -> None:
        """There is more of a session: it will end by itself."""
        if at in self.sessions:
            self.sessions[at].discard(session)

    def over(self, driver: MapDriver | FoldDriver, at: int, topic: Topic[Record], fed: int) -> Iterator[Arrival]:
        """The marks that end what is left, once the input was read as far as it went when the gap was met."""
        gap = self.gaps.get(at)
        if gap is None or fed < gap.upto:
            return
        del self.gaps[at]
        for stream, session in sorted(self.sessions.pop(at)):
            passage = Passage(stream, session)
            mark = EndMark(
                gap.topic, gap.partition, gap.offset, passage, stream.encode(), None, ((REASON, DELETED),)
            )
            if (arrival := ended(driver, at, topic, mark)) is not None:
                yield arrival

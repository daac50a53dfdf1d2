"""A finished scan, and what all who ask it need: places as text, and whether something may be missing."""

from dataclasses import dataclass

from connectors.verify.index import NOUNS, Index
from connectors.verify.lying import Log, place_of
from connectors.verify.order import Place
from connectors.verify.report import Report
from connectors.verify.scan import Scan, Session
from topics.catalog import BY_NOUN
from topics.route import Edge


@dataclass(slots=True)
class Between:
    """What is known once every topic has been read."""

    scan: Scan

    @property
    def log(self) -> Log:
        """What was read."""
        return self.scan.log

    @property
    def index(self) -> Index:
        """What is remembered of it."""
        return self.scan.index

    @property
    def report(self) -> Report:
        """Where what is found goes."""
        return self.scan.report

    def place(self, noun: int, partition: int, offset: int) -> str:
        """A place of a noun as text."""
        return place_of(self.log.names.topic(BY_NOUN[NOUNS[noun]]), partition, offset)

    def done(self, edge: Edge, noun: int, partition: int, offset: int) -> bool:
        """Whether whoever runs the edge says that it is past an input."""
        topic = self.log.names.topic(BY_NOUN[NOUNS[noun]])
        return self.log.whole and self.log.committed.get((edge.name, topic, partition), -1) > offset

    def missing(self, noun: int, partition: int, offset: int) -> str:
        """Why a place may not be among what was read: gone, outside, behind; empty if it should be."""
        stretch = self.log.stretches.get((self.log.names.topic(BY_NOUN[NOUNS[noun]]), partition))
        if stretch is None:
            return ""
        if offset < stretch.low:
            return "gone"
        return "outside" if offset < stretch.first or (offset >= stretch.end and not self.log.whole) else ""

    def at(self, noun: str, session: Session) -> Place:
        """How far a session is on a topic."""
        return self.scan.order.get((noun, session), Place())

    def borrows(self, edge: Edge) -> bool:
        """Whether an edge of a run reads what is not the run's: only a part of it, which it ends by itself."""
        return not all(self.log.names.owns(t) for t in edge.reads)

    def cut(self, noun: int, partition: int) -> bool:
        """Whether a topic is read from later than its first record."""
        stretch = self.log.stretches.get((self.log.names.topic(BY_NOUN[NOUNS[noun]]), partition))
        return stretch is not None and stretch.first > 0

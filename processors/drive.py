"""Drives a core: what comes in obeys the reader's rule, what goes out is stamped. Pure; both shells use it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from processors.guard import Guard, check
from processors.reading import Arrival
from processors.station import Item, Map, Rejected
from schemas.codec import Undecodable
from schemas.identity import record_id
from schemas.records import Model, Record
from topics.route import Edge

Session = tuple[str, str]
# stream_id, session_id
NO_MODEL = Model()
ASTRAY = "its seq is absurdly far ahead"
AFTER_END = "comes after the session's end on this topic"
ENDED_KEPT = 1000
# So many sessions that have ended are remembered, so that what comes of them again is known for a repeat.


@dataclass(frozen=True, slots=True)
class Said:
    """A record to be written, and what caused it."""

    record: Record
    cause: Arrival


@dataclass(frozen=True, slots=True)
class Dead:
    """An input that could not be used, for the dead letters."""

    cause: Arrival
    reason: str


Outcome = Said | Dead


Judge = Callable[[Arrival, str], None]
# Told of each input whether it could be used: why not, or nothing. What only comes out of order is not judged.


def nobody(_arrival: Arrival, _reason: str) -> None:
    """Judges nothing."""


class BrokenPromiseError(Exception):
    """A core broke its promise; the process must end."""


def session_of(record: Record) -> Session:
    """Which session a record belongs to."""
    return record.stream_id, record.session_id


@dataclass(frozen=True, slots=True)
class Stamp:
    """Writes onto a station's records what is not the core's to say."""

    edge: Edge
    model: Model

    def __call__(self, out: Record, session: Session, seq: int, pts_us: int, watermark_us: int) -> Record:
        """The record as it is written. BrokenPromiseError if the core gave another noun's record."""
        if type(out) is not self.edge.writes.record:
            raise BrokenPromiseError(
                f"{self.edge.name} said a {type(out).__name__}, not a {self.edge.writes.record.__name__}"
            )
        model = self.model if (own := cast(Any, out).model) == NO_MODEL else own
        return cast(
            Record,
            replace(
                cast(Any, out),
                stream_id=session[0], session_id=session[1], seq=seq, pts_us=pts_us, watermark_us=watermark_us,
                id=record_id(self.edge.name, *session, seq), model=model,
            ),
        )  # fmt: skip

    def rejected(self, reason: str, session: Session, seq: int, pts_us: int, watermark_us: int) -> Record:
        """The record that stands where an input could not be used."""
        empty = cast(Any, self.edge.writes.record)(status="rejected", reason=reason)
        return self(empty, session, seq, pts_us, watermark_us)

    def end(self, session: Session, seq: int, pts_us: int) -> Record:
        """The last record of a session; it carries nothing else, and nothing is to come after it."""
        return self(cast(Any, self.edge.writes.record)(end=True), session, seq, pts_us, pts_us)


def back_reason(guard: Guard, record: Record) -> str:
    """Why a record whose time is none that can be is rejected; `guard` is the one before or behind it."""
    if record.pts_us > guard.pts_us:
        return f"time jumps from {guard.pts_us} to {record.pts_us} us, which is no stream's"
    return f"time runs back from {guard.pts_us} to {record.pts_us} us"


def remember(ended: dict[Session, None], session: Session) -> Session | None:
    """Notes that a session has ended; answers with the one that is forgotten for it, if any."""
    ended.pop(session, None)
    ended[session] = None
    if len(ended) <= ENDED_KEPT:
        return None
    oldest = next(iter(ended))
    del ended[oldest]
    return oldest


class MapDriver:
    """Runs a Map: an output at each input's seq, in the inputs' order.

    `guards` says how far each session is; it is a function of the outputs alone, so that after a crash
    `restore` has it back from them. `counts` counts repeats, holes (missing seq), back, rejected, undecodable.
    """

    def __init__(self, edge: Edge, core: Map[Any, Any]) -> None:
        self.edge, self.core = edge, core
        self.guards: dict[Session, Guard] = {}
        self.counts: Counter[str] = Counter()
        self.judge: Judge = nobody
        self._ended: dict[Session, None] = {}
        self._stamp = Stamp(edge, core.model)

    def restore(self, session: Session, guard: Guard) -> None:
        """Takes a session to be that far, if it is not farther already."""
        if guard.seq > self.guards.get(session, Guard()).seq:
            self._keep(session, guard)

    def reached(self, session: Session, _at: int = 0) -> Guard | None:
        """How far a session is; None where it has ended."""
        guard = self.guards.get(session, Guard())
        return None if guard.ended else guard

    def unended(self, _at: int = 0) -> Iterator[Session]:
        """Sessions that have begun and not ended."""
        return (session for session, guard in self.guards.items() if not guard.ended)

    def feed(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """What is to be written for these, in order. The core is called once, with what it may see of them."""
        admitted: list[Outcome | tuple[Arrival, Guard]] = []
        for arrival in arrivals:
            admitted.extend(self._admit(arrival))
        asked = [a for a in admitted if isinstance(a, tuple)]
        items = [Item(cast(Record, arrival.holds), arrival.stored.ref) for arrival, _ in asked]
        answers = self.core(items) if items else ()
        if len(answers) != len(items):
            raise BrokenPromiseError(f"{self.edge.name} answered {len(answers)} of {len(items)} inputs")
        left, outcomes = iter(answers), list[Outcome]()
        for a in admitted:
            if isinstance(a, tuple):
                answer = next(left)
                self.judge(a[0], answer.reason if isinstance(answer, Rejected) else "")
                outcomes.extend(self._answered(*a, answer))
            else:
                if isinstance(a.cause.holds, Undecodable) and isinstance(a, Dead):
                    self.judge(a.cause, a.reason)
                outcomes.append(a)
        return outcomes

    def _admit(self, arrival: Arrival) -> Sequence[Outcome | tuple[Arrival, Guard]]:
        holds = arrival.holds
        if isinstance(holds, Undecodable):
            self.counts["undecodable"] += 1
            return (Dead(arrival, holds.reason),)
        session = session_of(holds)
        checked = check(self.guards.get(session, Guard()), holds)
        guard = checked.guard
        self.counts["holes"] += checked.hole
        if checked.verdict == "repeat":
            self.counts["repeats"] += 1
            return ()
        if checked.verdict == "after_end":
            self.counts["after_end"] += 1
            return (Dead(arrival, AFTER_END),)
        if checked.verdict == "astray":
            self.counts["astray"] += 1
            return (Dead(arrival, ASTRAY),)
        self._keep(session, guard)
        if holds.end:
            return (Said(self._stamp.end(session, guard.seq, guard.pts_us), arrival),)
        if checked.verdict == "back":
            self.counts["back"] += 1
            return self._refused(arrival, guard, back_reason(guard, holds))
        return ((arrival, guard),)

    def _answered(self, arrival: Arrival, guard: Guard, answer: Record | Rejected) -> Sequence[Outcome]:
        if isinstance(answer, Rejected):
            self.counts["rejected"] += 1
            return self._refused(arrival, guard, answer.reason)
        session = session_of(cast(Record, arrival.holds))
        return (Said(self._stamp(answer, session, guard.seq, guard.pts_us, guard.watermark_us), arrival),)

    def _refused(self, arrival: Arrival, guard: Guard, reason: str) -> Sequence[Outcome]:
        session = session_of(cast(Record, arrival.holds))
        record = self._stamp.rejected(reason, session, guard.seq, guard.pts_us, guard.watermark_us)
        return Dead(arrival, reason), Said(record, arrival)

    def _keep(self, session: Session, guard: Guard) -> None:
        self.guards[session] = guard
        if guard.ended and (forgotten := remember(self._ended, session)) is not None:
            del self.guards[forgotten]

"""Drives a Fold: a merge per session feeds the core, the session's state can be kept and taken up again."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from processors.drive import (
    AFTER_END,
    BrokenPromiseError,
    Dead,
    Outcome,
    Said,
    Session,
    Stamp,
    back_reason,
    remember,
    session_of,
)
from processors.guard import BEFORE_TIME_US, Guard, check
from processors.merge import Entry, Merge
from processors.reading import Arrival
from processors.station import Fold, Item, Rejected
from schemas.codec import Undecodable
from schemas.records import Record
from topics.route import Edge

NOTHING = -1
Again = Callable[[int, int], Arrival]
# By input and offset, what lies there; LookupError if it was deleted.


@dataclass(frozen=True, slots=True)
class Kept:
    """All there is to know of a session of a Fold, as it goes into a snapshot.

    state: The core's, msgpack by its type.
    seq: Of the next record to be said.
    pts_us, watermark_us: Last said.
    guards: The reader's rule per input, behind the last record that was given to the core.
    first: Per input, the offset of the oldest record that is held back; -1 if there is none.
    """

    stream_id: str
    session_id: str
    state: bytes
    seq: int
    pts_us: int
    watermark_us: int
    guards: tuple[Guard, ...]
    first: tuple[int, ...]


@dataclass(slots=True)
class _Held:
    """A record on its way through the merge; `guard` is the one behind it, `reason` why it is rejected.

    `arrival` is None while the record is left to the log.
    """

    arrival: Arrival | None
    input: int
    offset: int
    size: int
    guard: Guard
    reason: str = ""
    released: bool = False


class _Open:
    """A session that has not ended."""

    def __init__(self, inputs: int, state: Any) -> None:
        self.state, self.seq, self.pts_us, self.watermark_us = state, 0, BEFORE_TIME_US, BEFORE_TIME_US
        self.seen = [Guard()] * inputs  # behind what has arrived
        self.guards = [Guard()] * inputs  # behind what was given to the core
        self.merge: Merge[_Held] = Merge(inputs)


class FoldDriver:
    """Runs a Fold over the inputs of an edge.

    `dirty` names the sessions whose `kept` has changed since it was last emptied, `over` those that have ended
    since; `held_bytes` is what the merges keep in memory per input. What they hold back beyond `memory_bytes` is
    left to the log and asked for `again` by input and offset when it is due, so that a stream whose other topics
    lag or are missing stops nobody else; where there is no `again`, all is kept. Offsets of one input must belong
    to one partition wherever `kept`, `resume`, `again` and `taken` are used: what lies below `taken[input]` came
    before the snapshot was made, so that a session unknown there is over, and what is dead there is buried.
    """

    def __init__(self, edge: Edge, core: Fold[Any, Any, Any]) -> None:
        self.edge, self.core = edge, core
        self.again: Again | None = None
        self.memory_bytes = 4 << 20
        self.counts: Counter[str] = Counter()
        self.ended: dict[Session, None] = {}
        self.dirty: dict[Session, None] = {}
        self.over: dict[Session, None] = {}
        self.held_bytes = [0] * len(edge.reads)
        self.taken = [0] * len(edge.reads)
        self._open: dict[Session, _Open] = {}
        self._stamp = Stamp(edge, core.model)

    def kept(self, session: Session) -> Kept:
        """A session as it goes into a snapshot."""
        o = self._open[session]
        heads = [o.merge.first(i) for i in range(len(o.guards))]
        first = tuple(NOTHING if h is None else h.what.offset for h in heads)
        state = msgspec.msgpack.encode(o.state)
        return Kept(*session, state, o.seq, o.pts_us, o.watermark_us, tuple(o.guards), first)

    def resume(self, kept: Kept) -> None:
        """Takes a session up where a snapshot left it; msgspec.ValidationError if the core's state has changed."""
        o = _Open(len(kept.guards), msgspec.msgpack.decode(kept.state, type=self.core.state))
        o.seq, o.pts_us, o.watermark_us = kept.seq, kept.pts_us, kept.watermark_us
        o.guards, o.seen = list(kept.guards), list(kept.guards)
        for i, guard in enumerate(kept.guards):
            if guard.seq >= 0:
                o.merge.believe(i, max(guard.pts_us, guard.watermark_us), end=guard.ended)
        self._open[kept.stream_id, kept.session_id] = o

    def feed(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """What is to be written after these have come, in order."""
        return [outcome for arrival in arrivals for outcome in self._one(arrival)]

    def _one(self, arrival: Arrival) -> Iterator[Outcome]:
        holds, at = arrival.holds, arrival.input
        taken = arrival.stored.ref.offset < self.taken[at]
        if isinstance(holds, Undecodable):
            if not taken:
                self.counts["undecodable"] += 1
                yield Dead(arrival, holds.reason)
            return
        session = session_of(holds)
        o = self._open.get(session)
        if session in self.ended or (o is None and taken):
            self.counts["repeats"] += 1
            return
        if o is None:
            o = self._open[session] = _Open(len(self.edge.reads), self.core.start(*session))
        checked = check(o.seen[at], holds)
        if checked.verdict == "repeat":
            self.counts["repeats"] += 1
        elif checked.verdict == "after_end":
            if not taken:
                self.counts["after_end"] += 1
                yield Dead(arrival, AFTER_END)
        else:
            self.counts["holes"] += checked.hole
            guard = o.seen[at] = checked.guard
            reason = back_reason(guard, holds) if checked.verdict == "back" else ""
            held = _Held(arrival, at, arrival.stored.ref.offset, arrival.stored.size, guard, reason)
            o.merge.push(Entry(guard.pts_us, at, guard.seq, held), guard.watermark_us, end=guard.ended)
            self.held_bytes[at] += held.size
            self.dirty[session] = None
            for ready in o.merge.ready():
                yield from self._step(session, o, ready.what)
            if self.again is not None and self.held_bytes[at] > self.memory_bytes and not held.released:
                self.held_bytes[at] -= held.size
                held.arrival = None

    def _step(self, session: Session, o: _Open, held: _Held) -> Iterator[Outcome]:
        at, arrival, held.released = held.input, held.arrival, True
        if arrival is not None:
            self.held_bytes[at] -= held.size
        elif self.again is not None:
            arrival = self.again(at, held.offset)
        else:
            raise LookupError(f"input {at} at {held.offset} was left to the log, but there is none")
        o.guards[at] = held.guard
        if held.reason:
            self.counts["back"] += 1
            yield Dead(arrival, held.reason)
            yield self._say(session, o, Rejected(held.reason), arrival)
        elif not held.guard.ended:
            o.state, outs = self.core.step(o.state, Item(cast(Record, arrival.holds), arrival.stored.ref))
            yield from self._outs(session, o, outs, arrival)
        elif all(g.ended for g in o.guards):
            latest_us = max(g.pts_us for g in o.guards)
            yield from self._outs(session, o, self.core.finish(o.state, latest_us), arrival)
            pts_us = max(latest_us, o.pts_us, o.watermark_us)
            yield Said(self._stamp.end(session, o.seq, pts_us), arrival)
            del self._open[session]
            self.dirty.pop(session, None)
            self.over[session] = None
            remember(self.ended, session)

    def _outs(
        self, session: Session, o: _Open, outs: Sequence[Record | Rejected], cause: Arrival
    ) -> Iterator[Outcome]:
        reasons = [out.reason for out in outs if isinstance(out, Rejected)]
        if reasons:
            self.counts["rejected"] += 1
            yield Dead(cause, "; ".join(reasons))
        for out in outs:
            yield self._say(session, o, out, cause)

    def _say(self, session: Session, o: _Open, out: Record | Rejected, cause: Arrival) -> Said:
        """Stamps one; BrokenPromiseError if its time falls below what was said or promised before."""
        seq, o.seq = o.seq, o.seq + 1
        floor = max(o.pts_us, o.watermark_us)
        if isinstance(out, Rejected):
            # It stands at the time that the station has reached in what it says, so that nothing falls.
            if floor == BEFORE_TIME_US:
                floor = o.watermark_us = min(0, *(g.pts_us for g in o.guards if g.seq >= 0))
            o.pts_us = floor
            return Said(self._stamp.rejected(out.reason, session, seq, floor, o.watermark_us), cause)
        pts_us, watermark_us = out.pts_us, cast(Any, out).watermark_us
        if pts_us < floor or watermark_us < o.watermark_us:
            raise BrokenPromiseError(
                f"{self.edge.name} runs back at seq {seq} of {session}: pts {pts_us}, watermark {watermark_us} us "
                f"after pts {o.pts_us}, watermark {o.watermark_us} us"
            )
        o.pts_us, o.watermark_us = pts_us, watermark_us
        return Said(self._stamp(out, session, seq, pts_us, watermark_us), cause)

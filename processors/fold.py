"""Drives a Fold: a merge per session feeds the core, the session's state can be kept and taken up again."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import msgspec

from processors.drive import (
    AFTER_END,
    ASTRAY,
    BrokenPromiseError,
    Dead,
    Judge,
    Outcome,
    Said,
    Session,
    Stamp,
    back_reason,
    nobody,
    remember,
    session_of,
)
from processors.envelope import REASON, header
from processors.guard import BEFORE_TIME_US, Checked, Guard, check
from processors.merge import Entry
from processors.reading import Arrival
from processors.session import NOTHING, Held, Kept, Open
from processors.station import Fold, Item, Oddity, Rejected, Watchful
from schemas.codec import Undecodable
from schemas.records import Record, Ref
from topics.route import Edge

Again = Callable[[int, int], Arrival]
# By input and offset, what lies there; undecodable if it was deleted.


class FoldDriver:
    """Runs a Fold over the inputs of an edge.

    `dirty` names the sessions whose `kept` has changed since it was last emptied, `over` those that have ended
    since; `at` is the record that the core was given last, `held_bytes` what the merges keep in memory per input.
    What they hold back beyond `memory_bytes` is left to the log and asked for `again` by input and offset when it
    is due, so that a stream whose other topics lag or are missing stops nobody else; where there is no `again`,
    all is kept. Offsets of one input must belong to one partition wherever `kept`, `resume`, `again` and `taken`
    are used: what lies below `taken[input]` came before the snapshot was made, so that a session unknown there is
    over, and what is dead there is buried.
    """

    def __init__(self, edge: Edge, core: Fold[Any, Any, Any]) -> None:
        self.edge, self.core = edge, core
        self.watchful = core if isinstance(core, Watchful) else None
        self.again: Again | None = None
        self.memory_bytes = 4 << 20
        self.counts: Counter[str] = Counter()
        self.judge: Judge = nobody
        self.at: Ref | None = None
        self.ended: dict[Session, None] = {}
        self.dirty: dict[Session, None] = {}
        self.over: dict[Session, None] = {}
        self.held_bytes = [0] * len(edge.reads)
        self.taken = [0] * len(edge.reads)
        self._open: dict[Session, Open] = {}
        self._stamp = Stamp(edge, core.model)

    def kept(self, session: Session) -> Kept:
        """A session as it goes into a snapshot."""
        o = self._open[session]
        heads = [o.merge.first(i) for i in range(len(o.guards))]
        first = tuple(NOTHING if h is None else h.what.offset for h in heads)
        state = msgspec.msgpack.encode(o.state)
        return Kept(*session, state, o.seq, o.pts_us, o.watermark_us, tuple(o.guards), first,
                    tuple(o.past), tuple(o.rival), tuple(o.seen), tuple(o.last))  # fmt: skip

    def resume(self, kept: Kept) -> None:
        """Takes a session up where a snapshot left it; msgspec.ValidationError if the core's state has changed."""
        o = Open(len(kept.guards), msgspec.msgpack.decode(kept.state, type=self.core.state))
        o.seq, o.pts_us, o.watermark_us = kept.seq, kept.pts_us, kept.watermark_us
        o.guards, o.seen = list(kept.guards), list(kept.guards)
        o.past, o.rival = list(kept.past or o.past), list(kept.rival or o.rival)
        o.reread, o.last = list(o.past), list(kept.last or o.past)
        for i, guard in enumerate(kept.guards):
            if guard.seq >= 0:
                o.merge.believe(i, max(guard.pts_us, guard.watermark_us), end=guard.ended)
        self._open[kept.stream_id, kept.session_id] = o

    def reached(self, session: Session, at: int) -> Guard | None:
        """How far a session has come on an input; None where it has ended there."""
        if session in self.ended:
            return None
        guard = self._open[session].seen[at] if session in self._open else Guard()
        return None if guard.ended else guard

    def unended(self, at: int) -> Iterator[Session]:
        """Open sessions that have not ended on an input."""
        return (session for session, o in self._open.items() if not o.seen[at].ended)

    def feed(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """What is to be written after these have come, in order."""
        return [outcome for arrival in arrivals for outcome in self._one(arrival)]

    def _one(self, arrival: Arrival) -> Iterator[Outcome]:
        holds, at = arrival.holds, arrival.input
        taken = arrival.stored.ref.offset < self.taken[at]
        if isinstance(holds, Undecodable):
            if not taken:
                self.counts["undecodable"] += 1
                self.judge(arrival, holds.reason)
                yield Dead(arrival, holds.reason)
            return
        session = session_of(holds)
        o = self._open.get(session)
        if session in self.ended or (o is None and taken):
            self.counts["repeats"] += 1
            return
        if o is None:
            o = self._open[session] = Open(len(self.edge.reads), self.core.start(*session))
        offset, seen = arrival.stored.ref.offset, o.seen[at]
        checked = check(seen, holds)
        if offset <= o.reread[at]:
            self.counts["repeats"] += 1
            return
        if checked.verdict == "repeat":
            self.counts["repeats"] += 1
            if self.watchful is None or seen.seq < 0 or seen.ended:
                return
        if checked.verdict == "after_end":
            if not taken:
                self.counts["after_end"] += 1
                yield Dead(arrival, AFTER_END)
            return
        if checked.verdict == "astray":
            if not taken:
                self.counts["astray"] += 1
                yield Dead(arrival, ASTRAY)
            return
        self.counts["holes"] += checked.hole
        if seen.seq < 0:
            self._rivals(session, at, offset)
        guard = o.seen[at] = checked.guard
        o.last[at] = max(o.last[at], offset)
        held = Held(arrival, at, offset, arrival.stored.size, guard, self._odd(o, arrival, seen, checked))
        place_us = max(guard.pts_us, guard.watermark_us) if checked.verdict == "repeat" else guard.pts_us
        o.merge.push(Entry(place_us, at, guard.seq, held), guard.watermark_us, end=guard.ended)
        self.held_bytes[at] += held.size
        self.dirty[session] = None
        for ready in o.merge.ready():
            yield from self._step(session, o, ready.what)
        full = self.held_bytes[at] > self.memory_bytes and arrival.stored.value is not None
        if self.again is not None and full and not held.released:
            self.held_bytes[at] -= held.size
            held.arrival = None

    def _rivals(self, session: Session, at: int, offset: int) -> None:
        """Notes, with a session's first record on an input, that older ones of its stream have a rival there."""
        if self.watchful is None:
            return
        for other, o in self._open.items():
            if other[0] == session[0] and other != session and o.seen[at].seq >= 0 and o.rival[at] == NOTHING:
                o.rival[at] = offset
                self.dirty[other] = None

    def _odd(self, o: Open, arrival: Arrival, seen: Guard, checked: Checked) -> Oddity | None:
        record, stored = cast(Record, arrival.holds), arrival.stored
        if checked.verdict == "repeat":
            return Oddity("repeat", f"seq {record.seq} comes again after {seen.seq}")
        if checked.verdict == "back":
            return Oddity("back", back_reason(seen, record))
        if not record.end and NOTHING < o.rival[arrival.input] < stored.ref.offset:
            return Oddity("writers", "another session of this stream began before this one had ended")
        if record.end and self.watchful is not None and (why := header(stored.headers, REASON)) is not None:
            return Oddity("unended", why.decode(errors="replace"))
        return None

    def _step(self, session: Session, o: Open, held: Held) -> Iterator[Outcome]:
        at, arrival, held.released = held.input, held.arrival, True
        if arrival is not None:
            self.held_bytes[at] -= held.size
        elif self.again is not None:
            arrival = self.again(at, held.offset)
        else:
            raise LookupError(f"input {at} at {held.offset} was left to the log, but there is none")
        o.guards[at], o.past[at], self.at = held.guard, held.offset, arrival.stored.ref
        item, odd = Item(cast(Record, arrival.holds), arrival.stored.ref), held.odd
        if isinstance(arrival.holds, Undecodable):  # it could be read when it came, and was deleted since
            self.counts["lost"] += 1
            if not held.guard.ended:
                return
            odd = None
        if odd is not None and odd.kind == "back":
            self.counts["back"] += 1
            yield Dead(arrival, odd.text)
        if odd is not None and self.watchful is not None:
            o.state, told = self.watchful.odd(o.state, item, odd)
            yield from self._outs(session, o, told, arrival)
        elif odd is not None:
            yield self._say(session, o, Rejected(odd.text), arrival)
        if odd is not None and odd.kind not in ("writers", "unended"):
            return
        if not held.guard.ended:
            o.state, outs = self.core.step(o.state, item)
            self.judge(arrival, "; ".join(out.reason for out in outs if isinstance(out, Rejected)))
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
        self, session: Session, o: Open, outs: Sequence[Record | Rejected], cause: Arrival
    ) -> Iterator[Outcome]:
        reasons = [out.reason for out in outs if isinstance(out, Rejected)]
        if reasons:
            self.counts["rejected"] += 1
            yield Dead(cause, "; ".join(reasons))
        for out in outs:
            yield self._say(session, o, out, cause)

    def _say(self, session: Session, o: Open, out: Record | Rejected, cause: Arrival) -> Said:
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

"""Where a station goes on after an assignment: from its snapshots and the ends of its own topics."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from processors import envelope
from processors.drive import MapDriver, Session, session_of
from processors.exits import die
from processors.fold import FoldDriver
from processors.guard import Guard
from processors.lane import Lane
from processors.offline import Core, driver_of
from processors.place import Limits, Place
from processors.reading import Decode, Encode
from processors.snapshots import Cut, Snapshot, SnapshotWriter, snapshot_of
from processors.tail import Tail, bounds, read_tails
from schemas.codec import Undecodable
from topics.connection import Connection
from topics.extent import NOTHING, Extent, Extents
from topics.route import Edge

log = logging.getLogger("framelog.shell")


@dataclass(frozen=True, slots=True)
class Recovery:
    """Makes the lanes of a station from what its own topics say."""

    edge: Edge
    core: Core
    connection: Connection
    encode: Encode
    decode: Decode
    limits: Limits
    bounds: Extents | None = None

    async def lanes(self, partitions: Sequence[int]) -> list[Lane]:
        """A lane for each partition, at its place. From here on no other worker's snapshot is taken there."""
        writers = {p: SnapshotWriter(self.connection, self.edge.name, p) for p in partitions}
        try:
            await asyncio.gather(*(w.open() for w in writers.values()))
            return await asyncio.to_thread(self._read, writers)
        except BaseException:
            await asyncio.gather(*(w.close() for w in writers.values()), return_exceptions=True)
            raise

    def _read(self, writers: dict[int, SnapshotWriter]) -> list[Lane]:
        names, edge = self.connection.names, self.edge
        state, output = names.state(edge.name), names.topic(edge.writes)
        inputs, dlqs = [names.topic(t) for t in edge.reads], [names.dlq(t) for t in edge.reads]
        kept = read_tails(self.connection, {(state, p): None for p in writers})
        snapshots = {p: snapshot_of(kept[state, p]) for p in writers}
        starts: dict[tuple[str, int], int | None] = {}
        for p, s in snapshots.items():
            starts[output, p] = s.cut.out if s.cut else None
            starts |= {(dlq, p): s.cut.dead[i] if s.cut else None for i, dlq in enumerate(dlqs)}
        tails = read_tails(self.connection, starts)
        ends = bounds(self.connection, [(t, p) for t in inputs for p in writers])
        return [
            self._lane(
                p,
                snapshots[p],
                tails[output, p],
                [tails[dlq, p] for dlq in dlqs],
                [ends[t, p] for t in inputs],
                writers[p],
            )
            for p in writers
        ]

    def _lane(
        self,
        partition: int,
        snapshot: Snapshot,
        out: Tail,
        dead: Sequence[Tail],
        ends: Sequence[tuple[int, int]],
        writer: SnapshotWriter,
    ) -> Lane:
        driver = driver_of(self.edge, self.core)
        bounds = tuple(self._bound(i, partition) for i in range(len(ends)))
        firsts = tuple(low if b is None else b.first for (low, _), b in zip(ends, bounds, strict=True))
        cut = snapshot.cut or Cut(firsts, out.low, tuple(t.low for t in dead))
        records = [self._said(m) for m in out.messages]
        said: dict[Session, int] = {}
        if isinstance(driver, MapDriver):
            starts = list(cut.taken)
            for reader in cut.readers:
                driver.restore((reader.stream_id, reader.session_id), reader.guard)
            for message, record in records:
                guard = Guard(record.seq, record.pts_us, record.watermark_us, record.end)
                driver.restore(session_of(record), guard)
                offset = envelope.input_offset(message.headers())
                starts[0] = starts[0] if offset is None else max(starts[0], offset + 1)
        else:
            for _, record in records:
                session = session_of(record)
                said[session] = max(said.get(session, -1), record.seq)
            starts = self._resume(driver, snapshot, cut.taken)
        wanted = starts
        starts = [
            self._inside(i, partition, at, *ends[i], bound)
            for i, (at, bound) in enumerate(zip(starts, bounds, strict=True))
        ]
        lost = tuple(start - want for start, want in zip(starts, wanted, strict=True))
        buried = {(i, o) for i, t in enumerate(dead) for o in self._buried(t) if o >= starts[i]}
        reads_to = tuple(end if b is None else b.last for (_, end), b in zip(ends, bounds, strict=True))
        place = Place(cut, tuple(starts), reads_to, said, buried, bounds, lost)
        codec = self.encode, self.decode
        return Lane(self.connection, driver, partition, place, writer, codec, self.limits)

    def _resume(self, driver: FoldDriver, snapshot: Snapshot, taken: Sequence[int]) -> list[int]:
        """Takes the sessions up; answers where each input is to be read from: what is held back, again."""
        places = list(taken)
        if snapshot.cut is None:
            return places
        driver.taken, driver.ended = list(taken), dict.fromkeys(snapshot.cut.ended)
        for kept in snapshot.sessions:
            driver.resume(kept)
            places = [min(p, f) if f >= 0 else p for p, f in zip(places, kept.first, strict=True)]
        return places

    def _bound(self, at: int, partition: int) -> Extent | None:
        topic = self.connection.names.topic(self.edge.reads[at])
        if self.bounds is None or all(topic != bounded for bounded, _ in self.bounds):
            return None
        return self.bounds.get((topic, partition), NOTHING)

    def _inside(self, at: int, partition: int, place: int, low: int, end: int, bound: Extent | None) -> int:
        name = f"{self.connection.names.topic(self.edge.reads[at])}/{partition}"
        if bound is not None:
            if place < min(low, bound.end):
                die(
                    f"{name}: records {place} to {min(low, bound.end) - 1} of the run's range are gone "
                    "(retention): hold what is to be replayed later (`framelog hold`)"
                )
            return place
        if place > end:
            die(
                f"{name}: our position {place} is behind its end {end}; this is not the topic that was read before"
            )
        if place < low:
            log.error(
                "%s: records %d to %d were deleted unread (retention); going on behind them", name, place, low - 1
            )
        return max(place, low)

    def _said(self, message: Any) -> tuple[Any, Any]:
        record = self.decode(message.value(), self.edge.writes)
        if isinstance(record, Undecodable):
            place = f"{message.topic()}/{message.partition()}@{message.offset()}"
            die(f"{place}: our own output cannot be read ({record.reason}); who else writes there?")
        return message, record

    def _buried(self, tail: Tail) -> list[int]:
        found = (envelope.dead_of(self.edge, m.headers()) for m in tail.messages)
        return [offset for offset in found if offset is not None]

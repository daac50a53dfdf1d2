"""One partition of a station: its queues, its positions, its driver, its outbox."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, cast

from aiokafka import AIOKafkaProducer

from processors.bounded import EndMark, ended, within
from processors.drive import MapDriver, Session, session_of
from processors.fold import FoldDriver
from processors.gaps import Forsaken, Gap
from processors.inbox import Inbox
from processors.outbox import Outbox
from processors.place import Limits, Place, Write
from processors.poison import Poison
from processors.reading import Arrival, Decode, Encode, Stored, read
from processors.snapshots import Cut, Reader, SnapshotWriter
from processors.tail import Window
from schemas.codec import Undecodable
from schemas.records import Ref
from topics import metrics
from topics.connection import Connection
from topics.limit import TooManyBad
from topics.names import LIVE

TOLD = 20  # spoilt streams are named at most
FOLD_BATCH = 256
# A Fold takes so many at once off the event loop: a hop to the thread costs about as much as ten records.


class Lane(Inbox):
    """Takes records as they come, has them driven off the loop, writes what comes of it, in order."""

    def __init__(
        self,
        connection: Connection,
        driver: MapDriver | FoldDriver,
        partition: int,
        place: Place,
        writer: SnapshotWriter,
        codec: tuple[Encode, Decode],
        limits: Limits,
    ) -> None:
        super().__init__([connection.names.topic(t) for t in driver.edge.reads], partition, place, limits)
        self.driver, self.edge = driver, driver.edge
        self.at = "nothing"
        self._connection, self._place, self._writer = connection, place, writer
        encode, self._decode = codec
        self._outbox = Outbox(connection, driver.edge, partition, place, encode)
        self._fed = list(place.starts)
        self._marks: dict[tuple[int, int], Arrival] = {}
        self._stopping = False
        self._counted = dict(driver.counts)
        self._window = Window(connection, partition)
        if isinstance(driver, FoldDriver):
            driver.again, driver.memory_bytes = self._again, limits.bytes
        self._poison = Poison(stream for at in range(len(self.topics)) for stream, _ in driver.unended(at))
        driver.judge = self._judge
        self._forsaken, self._lost = Forsaken(), list(place.cut.lost or [0] * len(self.topics))

    @property
    def done(self) -> list[int]:
        """Per input, the offset behind the last record all of whose outputs are safely out."""
        return self._outbox.done

    @property
    def held_bytes(self) -> int:
        """Bytes waiting in queues and merges."""
        merges = self.driver.held_bytes if isinstance(self.driver, FoldDriver) else []
        return self.queued_bytes + sum(merges)

    @property
    def place(self) -> str:
        """Which records are being worked on, and which of them a Fold was given last."""
        ref = self.driver.at if isinstance(self.driver, FoldDriver) else None
        return self.at if ref is None else f"{self.at}, at the record {ref.topic}/{ref.partition}@{ref.offset}"

    def note(self, at: int) -> str:
        """What people are to know of an input's partition, for the metadata of the lag gauge; empty if nothing."""
        told = {"lost": self._lost[at], "spoilt": sorted(self._poison.spoilt)[:TOLD]}
        return json.dumps({k: v for k, v in told.items() if v}) if any(told.values()) else ""

    def stop(self) -> None:
        """Lets the batch that is being worked on be the last."""
        self._stopping = True
        self.wake.set()

    async def run(self, producer: AIOKafkaProducer, executor: Executor) -> None:
        """Works until stopped; then everything that was taken is out and the place written down."""
        loop, due = asyncio.get_running_loop(), time.monotonic() + self._limits.snapshot_s
        limit = FOLD_BATCH if isinstance(self.driver, FoldDriver) else self._limits.batch
        fresh = True  # nothing to be written down
        while not self._stopping:
            if batch := self.take(limit):
                ends = (f"{r.topic}/{r.partition}@{r.offset}" for _, r in (batch[0], batch[-1]))
                self.at = " .. ".join(ends)
                writes = await loop.run_in_executor(executor, self._work, batch)
                await self._write(producer, batch, writes)
                fresh = False
                # A run reads a stretch that somebody chose, without the streams that vouched while it was live.
                if self._poison.verdict and self._connection.names.run == LIVE:
                    await self._snapshot(executor)
                    raise TooManyBad(self._poison.verdict)
            else:
                await self._sleep(None if fresh else max(0.0, due - time.monotonic()))
            if not fresh and time.monotonic() >= due:
                fresh, due = await self._snapshot(executor), time.monotonic() + self._limits.snapshot_s
        if not fresh:
            await self._snapshot(executor)

    async def close(self) -> None:
        """Lets go of the broker."""
        await self._writer.close()
        await asyncio.to_thread(self._window.close)

    async def _sleep(self, seconds: float | None) -> None:
        try:
            await asyncio.wait_for(self.wake.wait(), seconds)
        except TimeoutError:
            return

    def _work(self, batch: Sequence[tuple[int, Any]]) -> list[Write]:
        """Decodes, drives and encodes; runs in the station's thread."""
        began = time.perf_counter()
        outcomes = (o for arrivals in self._arrivals(batch) for o in self.driver.feed(arrivals))
        writes = [w for o in outcomes if (w := self._outbox.write_of(o)) is not None]
        for at, record in batch:
            self._fed[at] = record.offset + 1
        metrics.BATCH_SECONDS.labels(self.edge.name).observe(time.perf_counter() - began)
        return writes

    def _arrivals(self, batch: Sequence[tuple[int, Any]]) -> Iterator[list[Arrival]]:
        """What the driver is to take, in pieces: an end mark depends on what was taken before it."""
        piece: list[Arrival] = []
        for at, record in batch:
            if not isinstance(record, (EndMark, Gap)):
                if within(self._bounds[at], arrival := self._arrival(at, record)):
                    if self._forsaken and not isinstance(arrival.holds, Undecodable):
                        self._forsaken.found(at, session_of(arrival.holds))
                    piece.append(arrival)
                continue
            yield piece
            if isinstance(record, Gap):
                piece = []
                self._forsaken.begin(self.driver, at, record)
                self._lost[at] += record.missing
                self.driver.counts["lost"] += record.missing
                continue
            mark = ended(self.driver, at, self.edge.reads[at], record)
            piece = [] if mark is None else [mark]
            if mark is not None:
                self._marks[at, record.offset] = mark
        yield piece
        for at, fed in {at: record.offset + 1 for at, record in batch}.items() if self._forsaken else ():
            yield list(self._forsaken.over(self.driver, at, self.edge.reads[at], fed))

    def _arrival(self, at: int, r: Any) -> Arrival:
        stored = Stored(Ref(topic=r.topic, partition=r.partition, offset=r.offset), r.key, r.value, r.headers)
        return read(at, self.edge.reads[at], stored, self._decode, self._connection.partitions)

    def _again(self, at: int, offset: int) -> Arrival:
        if (mark := self._marks.get((at, offset))) is not None:
            return mark
        ref = Ref(topic=self.topics[at], partition=self.partition, offset=offset)
        try:
            m = self._window(self.topics[at], offset)
        except LookupError as error:
            return Arrival(at, Stored(ref, None, None), Undecodable(str(error)))
        stored = Stored(ref, m.key(), m.value(), cast(Any, m.headers()) or ())
        return read(at, self.edge.reads[at], stored, self._decode, self._connection.partitions)

    def _judge(self, arrival: Arrival, reason: str) -> None:
        """Counts whether an input could be used."""
        stored, holds = arrival.stored, arrival.holds
        stream = (
            (stored.key or b"").decode(errors="replace") if isinstance(holds, Undecodable) else holds.stream_id
        )
        ref = stored.ref
        self._poison.count(stream, reason and f"{ref.topic}/{ref.partition}@{ref.offset}: {reason}")

    async def _write(
        self, producer: AIOKafkaProducer, batch: Sequence[tuple[int, Any]], writes: Sequence[Write]
    ) -> None:
        reached = {at: record.offset + 1 for at, record in batch}
        await self._outbox.send(producer, writes, reached, self.at)
        name = self.edge.name
        metrics.RECORDS_IN.labels(name).inc(len(batch))
        metrics.RECORDS_OUT.labels(name).inc(sum(not w.dead for w in writes))
        metrics.DEAD.labels(name).inc(sum(w.dead for w in writes))
        for kind, count in self.driver.counts.items():
            metrics.TROUBLE.labels(name, kind).inc(count - self._counted.get(kind, 0))
        self._counted = dict(self.driver.counts)

    def _caught_up(self) -> bool:
        """Whether all has been read again that the last snapshot and the outputs behind it speak of.

        Until then no snapshot is made: it would hide from the next recovery what has been said already.
        """
        p = self._place
        if self._forsaken:
            return False
        past = all(fed >= taken for fed, taken in zip(self._fed, p.cut.taken, strict=True))
        return past and (not (p.said or p.dead) or all(f >= e for f, e in zip(self._fed, p.ends, strict=True)))

    async def _snapshot(self, executor: Executor) -> bool:
        """Outputs first; what is written down is at or before what is out. False if it is too early."""
        if not self._caught_up():
            return False
        await self._outbox.settle()
        loop = asyncio.get_running_loop()
        cut, sessions = await loop.run_in_executor(executor, self._moment)
        await self._writer.write(cut, sessions)
        metrics.SNAPSHOTS.labels(self.edge.name).inc()
        return True

    def _moment(self) -> tuple[Cut, dict[Session, Any]]:
        d, out, lost = self.driver, self._outbox, tuple(self._lost)
        if isinstance(d, MapDriver):
            readers = tuple(Reader(*session, guard) for session, guard in d.guards.items())
            return Cut(tuple(self._fed), out.out, tuple(out.dead), readers=readers, lost=lost), {}
        sessions = {**{s: d.kept(s) for s in d.dirty}, **dict.fromkeys(d.over)}
        d.dirty.clear()
        d.over.clear()
        return Cut(tuple(self._fed), out.out, tuple(out.dead), ended=tuple(d.ended), lost=lost), sessions

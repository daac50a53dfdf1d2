"""The Faust shell: runs a station's core on Kafka. Delivery, positions and order are its own.

Faust gives membership and calls `recover` after each assignment, `wanted` and `deliver` for records, `quiesce`
when partitions are taken away and `close` before it leaves. Any surprise ends the process; positions heal it.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from aiokafka import AIOKafkaProducer

from processors.exits import die
from processors.lane import Lane
from processors.offline import Core, batch_of
from processors.place import Limits
from processors.reading import Decode, Encode
from processors.recovery import Recovery
from processors.security import aiokafka_settings
from processors.tail import first_behind
from topics import metrics
from topics.connection import Connection
from topics.extent import Extents
from topics.route import BY_STATION

log = logging.getLogger("framelog.shell")
HOLE_TRIES = 5
RECOVER_S = 60.0
# Between joining, or losing partitions, and having them again; Faust would stay idle for ever without a word.
PATIENCE_S = 4.0
# For the batch in work when partitions are taken away; the group waits 8 s for all of us.
FLUSH_S = 15.0


class Shell:
    """One station in one process: a lane for each partition that it is given."""

    def __init__(
        self,
        connection: Connection,
        station: str,
        core: Core,
        encode: Encode,
        decode: Decode,
        limits: Limits,
        session_s: float = 6.0,
        bounds: Extents | None = None,
    ) -> None:
        self.edge, self.connection, self.session_s = BY_STATION[station], connection, session_s
        self.inputs = [connection.names.topic(t) for t in self.edge.reads]
        self.lanes: dict[int, Lane] = {}
        limits = replace(limits, batch=batch_of(core))
        self._recovery = Recovery(self.edge, core, connection, encode, decode, limits, bounds)
        # One thread a station: a core is never called twice at the same time.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=station)
        self._tasks: list[asyncio.Task[None]] = []
        self._producer: AIOKafkaProducer | None = None
        self._closed = False
        self._gauge: dict[tuple[str, int], int] = {}
        self._due: float | None = None
        self._settled(False)

    def _settled(self, yes: bool) -> None:
        """Whether we know what is ours and have recovered it; if not, that is due within a minute."""
        self._due = None if yes else time.monotonic() + RECOVER_S
        metrics.READY.labels(self.edge.name).set(yes)

    @property
    def ready(self) -> bool:
        """Whether it does its work: in its group, with its positions read back."""
        return self._due is None and not self._closed

    def idle(self) -> None:
        """Nothing was given to us, and that is fine."""
        self._settled(True)

    def overdue(self) -> bool:
        """Whether recovery has not come although it should have."""
        return self._due is not None and time.monotonic() > self._due

    def wanted(self, active: Iterable[Any]) -> tuple[frozenset[Any], bool]:
        """Which partitions have room, and whether any has none."""
        want, full = set(), False
        for tp in active:
            lane = self.lanes.get(tp.partition)
            if lane is not None and tp.topic in self.inputs:
                at = self.inputs.index(tp.topic)
                if lane.over(at):
                    continue
                if lane.room(at):
                    want.add(tp)
                else:
                    full = True
        return frozenset(want), full

    def deliver(self, topic: str, partition: int, records: Iterable[Any]) -> int | None:
        """Takes contiguous records, drops what it had, answers a hole with the offset to seek back to."""
        lane = self.lanes.get(partition)
        if lane is None:
            return None
        at = self.inputs.index(topic)
        for record in records:
            want = lane.want[at]
            if record.offset > want:
                lane.holes[at, want] = lane.holes.get((at, want), 0) + 1
                log.warning("%s/%d: wanted %d, got %d", topic, partition, want, record.offset)
                return want
            if record.offset == want:
                lane.push(at, record)
        return None

    async def settle(self, topic: str, partition: int, hole: int) -> int | None:
        """Where to go on after a hole: at it, again; behind it where another reader finds nothing there either."""
        lane, at = self.lanes[partition], self.inputs.index(topic)
        first, low, end = await asyncio.to_thread(first_behind, self.connection, (topic, partition), hole)
        if self.lanes.get(partition) is not lane:  # taken away meanwhile
            return None
        if first <= hole:
            if lane.holes[at, hole] > HOLE_TRIES:
                die(f"{topic}/{partition}: record {hole} is there, but is not handed to us")
            return hole
        if hole < low and lane.bounded(at):
            die(f"{topic}/{partition}: records {hole} to {low - 1} of the run's range are gone (retention)")
        log.error("%s/%d: records %d to %d are gone; going on behind them", topic, partition, hole, first - 1)
        lane.skip(at, first, low, end)
        return first

    def notes(self) -> dict[tuple[str, int], str]:
        """What people are to know of each place: how much was lost, which streams are spoilt."""
        return {(t, p): lane.note(i) for p, lane in self.lanes.items() for i, t in enumerate(lane.topics)}

    def positions(self) -> dict[tuple[str, int], int]:
        """Per topic and partition, what is safely out: for the lag gauge."""
        now = {
            (t, p): lane.real(i, lane.done) for p, lane in self.lanes.items() for i, t in enumerate(lane.topics)
        }
        return now or (self._gauge if self._closed else {})

    async def recover(self, assigned: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Lanes for what was assigned; answers where each input is to be read from."""
        began = time.monotonic()
        try:
            await self.quiesce()
            async with asyncio.timeout(RECOVER_S):
                places = await self._recover(assigned)
        except Exception as error:  # noqa: BLE001 (whatever it is, this process cannot go on)
            die(f"recovering {sorted(assigned)}", error)
        metrics.RECOVERIES.labels(self.edge.name).inc()
        metrics.RECOVERY_SECONDS.labels(self.edge.name).observe(time.monotonic() - began)
        log.info("%s: recovered %s in %.2f s", self.edge.name, places, time.monotonic() - began)
        return places

    async def _recover(self, assigned: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
        producer = await self._started()
        partitions = sorted({p for t, p in assigned if t in self.inputs})
        for p in partitions:
            if not {(t, p) for t in self.inputs} <= assigned or p >= self.connection.partitions:
                die(f"partition {p} of {self.inputs} is not wholly ours: are the topics' partition counts equal?")
        lanes = await self._recovery.lanes(partitions) if partitions else []
        if self._closed:  # while we read
            await asyncio.gather(*(lane.close() for lane in lanes), return_exceptions=True)
            return {}
        self.lanes = {lane.partition: lane for lane in lanes}
        self._tasks = [asyncio.create_task(self._guarded(lane, producer)) for lane in lanes]
        self._settled(True)
        return {(t, lane.partition): lane.real(i, lane.want) for lane in lanes for i, t in enumerate(lane.topics)}

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                **aiokafka_settings(self.connection),
                enable_idempotence=True,
                acks="all",
                linger_ms=5,
                max_batch_size=1 << 18,
                max_request_size=10 << 20,
                request_timeout_ms=20_000,
                metadata_max_age_ms=30_000,
            )
            await self._producer.start()
        return self._producer

    async def _guarded(self, lane: Lane, producer: AIOKafkaProducer) -> None:
        try:
            await lane.run(producer, self._executor)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 (whatever it is, this process cannot go on)
            die(f"{self.edge.name} at {lane.place}", error)

    async def quiesce(self) -> None:
        """Nothing of ours is running or in flight when this returns; until then the group waits for us."""
        lanes, tasks, self._tasks = list(self.lanes.values()), self._tasks, []
        for lane in lanes:
            lane.stop()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=PATIENCE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._producer is not None:
            try:
                await asyncio.wait_for(self._producer.flush(), FLUSH_S)
            except Exception as error:  # noqa: BLE001 (whatever it is, this process cannot go on)
                die("writing what was left", error)
        self._gauge = self.positions()
        self.lanes = {}
        await asyncio.gather(*(lane.close() for lane in lanes), return_exceptions=True)
        if not self._closed:
            self._settled(False)

    async def close(self) -> None:
        """Before the consumer leaves the group."""
        self._settled(True)
        self._closed = True
        metrics.READY.labels(self.edge.name).set(False)
        await self.quiesce()
        if self._producer is not None:
            await self._producer.stop()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def gauge(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Sets the lag metrics, given the inputs' ends."""
        for (topic, partition), done in self.positions().items():
            if (end := ends.get((topic, partition))) is not None:
                metrics.LAG.labels(self.edge.name, topic, str(partition)).set(max(0, end - done))
        for p, lane in self.lanes.items():
            metrics.HELD_BYTES.labels(self.edge.name, str(p)).set(lane.held_bytes)

"""Takes topics into a store, each record once, whatever is killed when: the loop over announced ranges.

The order of every round: take records → fix spans → dead letters flushed → one commit that closes the former
spans and announces these → write each under its token → next. A commit that fails means that somebody else has
the partitions now: what was fixed is forgotten, the new owner writes it.
"""

import gc
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.deadletters import BadLimit, DeadLetters
from connectors.offsets import bounds_of
from connectors.ranges import Lane, Span, announced_end, announcement
from schemas.codec import Undecodable
from schemas.records import Record
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.registry import Serde
from topics.topic import Topic

log = logging.getLogger(__name__)
GC_OBJECTS = 1_000_000
GONE = {
    KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError._ASSIGNMENT_LOST, KafkaError._STATE, KafkaError._NO_OFFSET,
}  # fmt: skip


class StoreDown(Exception):
    """The store did not take a write now; the same write again is harmless."""


class Writer(Protocol):
    """A store that tells a repeated write by its token."""

    def row(self, noun: str, record: Record, message: Message) -> Any:
        """What the store keeps of a record; pure."""
        ...

    def write(self, noun: str, span: Span) -> None:
        """Writes a span's rows once; StoreDown if that has to be tried again."""
        ...

    def mend(self) -> None:
        """Called between two tries: makes what may be missing. Raises StoreDown if the store is not there."""
        ...


@dataclass(frozen=True, slots=True)
class SinkConfig:
    """How a sink takes records.

    max_rows: rows of one write. linger_s: how long rows wait for more. poll: messages taken at a time.
    retry_s: first and longest wait for a store that is down. queue_kb: bytes fetched ahead, in KiB.
    """

    max_rows: int = 10_000
    linger_s: float = 1.0
    poll: int = 1_000
    retry_s: tuple[float, float] = (0.2, 10.0)
    queue_kb: int = 64 << 10
    session_ms: int = 10_000


class Sink:
    """One member of the sink's group. `run` until `close` (from any thread or a signal handler)."""

    def __init__(
        self,
        connection: Connection,
        name: str,
        writer: Writer,
        config: SinkConfig | None = None,
        topics: Sequence[Topic[Record]] = CATALOG,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config or SinkConfig()
        self._writer, self._now_s = writer, now_s
        self._serde = Serde(connection)
        self._names = connection.names
        self._topics: Mapping[str, Topic[Record]] = {connection.names.topic(t): t for t in topics}
        self._dead = DeadLetters(connection, name)
        self._dead_waiting = False
        self._limit = BadLimit()
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._stopping = False
        self._consumer = Consumer(
            connection.confluent(
                group_id=connection.names.group(name),
                enable_auto_commit=False,
                enable_auto_offset_store=False,
                auto_offset_reset="earliest",
                session_timeout_ms=self._config.session_ms,
                queued_max_messages_kbytes=self._config.queue_kb,
                fetch_max_bytes=32 << 20,
            )
        )

    @property
    def assigned(self) -> bool:
        """Whether it has partitions to read."""
        return bool(self._lanes)

    def close(self) -> None:
        """Asks `run` to end after the round in hand."""
        self._stopping = True

    def run(self) -> None:
        """Takes records until closed; TooManyBad if the input is no good, KafkaException if the broker refuses."""
        self._consumer.subscribe(
            sorted(self._topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )
        # Rows hold no cycles; looking for some took 12 µs a row where making it takes 5 (M).
        usual = gc.get_threshold()
        gc.set_threshold(GC_OBJECTS, 50, 50)
        try:
            while not self._stopping:
                self._take(self._consumer.consume(self._config.poll, 0.1))
                self._round()
            self._settle(self._lanes.values())
        finally:
            gc.set_threshold(*usual)
            self._consumer.close()
            self._serde.close()

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        """Starts where the last closed span ended; what was announced after it is written again."""
        for place in consumer.committed(places, timeout=30):
            start = max(place.offset, 0)
            if place.offset < 0:
                start = bounds_of(consumer, place.topic, place.partition)[0]
            lane = Lane(place.topic, place.partition, start, announced_end(place.metadata))
            if lane.announced is not None:
                log.info("%s[%d]: %d to %d again", place.topic, place.partition, start, lane.announced)
            self._lanes[place.topic, place.partition] = lane
        consumer.assign(
            [TopicPartition(p.topic, p.partition, self._lanes[p.topic, p.partition].start) for p in places]
        )

    def _revoked(self, _: Consumer, places: list[TopicPartition]) -> None:
        self._settle([self._lanes[p.topic, p.partition] for p in places if (p.topic, p.partition) in self._lanes])
        self._lost(_, places)

    def _lost(self, _: Consumer, places: list[TopicPartition]) -> None:
        for place in places:
            self._lanes.pop((place.topic, place.partition), None)

    def _settle(self, lanes: Any) -> None:
        """Closes what was written, so that nobody has to write it again."""
        done = [TopicPartition(lane.topic, lane.partition, lane.start) for lane in lanes if lane.announced is None]
        if done:
            try:
                self._consumer.commit(offsets=done, asynchronous=False)
            except KafkaException as error:
                log.info("not closed, the next owner writes it again: %s", error)

    def _take(self, messages: Sequence[Message]) -> None:
        now_s = self._now_s()
        for message in messages:
            if (error := message.error()) is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    if error.fatal():
                        raise KafkaException(error)
                    log.warning("%s", error)
                continue
            place = (message.topic() or "", message.partition() or 0)
            lane, offset = self._lanes.get(place), message.offset() or 0
            if lane is None or offset < lane.next:
                continue
            missing = lane.take(offset, self._row(message), now_s)
            if missing:
                log.warning("%s[%d]: %d records before %d were deleted unread", *place, missing, offset)

    def _row(self, message: Message) -> Any | None:
        """What is kept of a message; None where it goes to the dead letters."""
        topic = self._topics[message.topic() or ""]
        record = self._serde.decode(message.value(), topic)
        if not isinstance(record, Undecodable):
            self._limit.count(bad=False)
            return self._writer.row(topic.noun, record, message)
        self._dead.put(self._names.dlq(topic), message, record.reason)
        self._dead_waiting = True
        self._limit.count(
            bad=True, reason=f"{message.topic()}[{message.partition()}]@{message.offset()}: {record.reason}"
        )
        return None

    def _round(self) -> None:
        """Fixes, announces and writes what is due."""
        now_s, config = self._now_s(), self._config
        spans = {
            place: lane.cut(config.max_rows, now_s)
            for place, lane in self._lanes.items()
            if lane.due(now_s, config.max_rows, config.linger_s)
        }
        if not spans:
            return
        if self._dead_waiting:
            self._dead.flush()
            self._dead_waiting = False
        try:
            self._consumer.commit(
                offsets=[
                    TopicPartition(s.topic, s.partition, s.start, metadata=announcement(s.end))
                    for s in spans.values()
                ],
                asynchronous=False,
            )
        except KafkaException as error:
            if error.args[0].code() not in GONE:
                raise
            log.warning("partitions are another's now: %s", error)
            self._lanes.clear()  # the rebalance that follows gives new ones
            return
        lanes = {place: self._lanes[place] for place in spans}
        for place, span in spans.items():
            lane = lanes[place]
            if not span.rows or self._written(self._topics[span.topic].noun, span, place, lane):
                lane.written()

    def _written(self, noun: str, span: Span, place: tuple[str, int], lane: Lane) -> bool:
        """Writes a span, for as long as it takes; False if the partition went to another or the sink is to end."""
        wait_s, longest_s = self._config.retry_s
        while self._lanes.get(place) is lane:
            try:
                self._writer.write(noun, span)
                return True
            except StoreDown as error:
                log.warning("%s not written, tried again: %s", span.token(noun), error)
            # Half to whole, so that many sinks do not come back all at once.
            self._wait(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 (no secret)
            wait_s = min(wait_s * 2, longest_s)
            if self._stopping:
                return False
            try:
                self._writer.mend()
            except StoreDown as error:
                log.warning("store is down: %s", error)
        return False

    def _wait(self, seconds: float) -> None:
        """Stays a member of the group meanwhile: asks for messages, which paused partitions do not give."""
        until_s = self._now_s() + seconds
        while not self._stopping and self._now_s() < until_s:
            self._consumer.pause(self._consumer.assignment())
            self._take(self._consumer.consume(1, 0.1))
        self._consumer.resume(self._consumer.assignment())

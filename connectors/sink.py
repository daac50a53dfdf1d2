"""Takes topics into a store, each record once, whatever is killed when: the loop over announced ranges.

The order of every round: take records → fix spans → dead letters flushed → one commit that closes the former
spans and announces these → of each, make what is written, its dead letters flushed, and write it under its token →
next. While a round is written the records of the next are taken, up to a bound. A commit that fails means that
somebody else has the partitions now: what was fixed is forgotten, the new owner writes it.
"""

import gc
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.intake import Intake
from connectors.offsets import bounds_of
from connectors.ranges import Lane, announced_end, announcement
from connectors.writing import StoreDown, Writer, Writing
from schemas.records import Record
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.topic import Topic

log = logging.getLogger(__name__)
GC_OBJECTS = 1_000_000
HOLD_S = 1.0
GRACE_S = 5.0
__all__ = ["Sink", "SinkConfig", "StoreDown", "Writer"]
GONE = {
    KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError._ASSIGNMENT_LOST, KafkaError._STATE, KafkaError._NO_OFFSET,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SinkConfig:
    """How a sink takes records.

    max_rows: rows of one write. linger_s: how long rows wait for more. poll: messages taken at a time.
    held_rows: rows that wait at most while others are written; beyond that nothing more is taken.
    retry_s: first and longest wait for a store that is down. queue_kb: bytes fetched ahead, in KiB.
    """

    max_rows: int = 10_000
    linger_s: float = 1.0
    held_rows: int = 20_000
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
        self._intake = Intake(connection, name, writer, topics)
        self._writing, self._now_s = Writing(writer, self._config.retry_s, self._intake.made), now_s
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
                # Rows wait for more anyway. Told at once of each of 145 records a second, a reader of all topics
                # costs the broker 4 % of a core; told of what has come by now and then, 1 %.
                fetch_min_bytes=1 << 20,
                fetch_wait_max_ms=300,
            )
        )

    @property
    def assigned(self) -> bool:
        """Whether it has partitions to read."""
        return bool(self._lanes)

    @property
    def waiting(self) -> int:
        """Rows that were taken and that no write has yet."""
        return sum(len(lane.rows) for lane in list(self._lanes.values()))

    def close(self) -> None:
        """Asks `run` to end after the round in hand."""
        self._stopping = True

    def run(self) -> None:
        """Takes records until closed; TooManyBad if the input is no good, KafkaException if the broker refuses."""
        self._consumer.subscribe(
            sorted(self._intake.topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )
        # Rows hold no cycles; looking for some took 12 µs a row where making it takes 5 (M).
        usual = gc.get_threshold()
        gc.set_threshold(GC_OBJECTS, 50, 50)
        try:
            while not self._stopping:
                if self._held():
                    self._hold()
                else:
                    self._take(self._consumer.consume(self._config.poll, 0.1))
                self._round()
            self._writing.close()
            self._settle(self._lanes.values())
        finally:
            gc.set_threshold(*usual)
            self._writing.close()
            self._consumer.close()
            self._intake.close()

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
        lanes = [self._lanes[p.topic, p.partition] for p in places if (p.topic, p.partition) in self._lanes]
        for lane in lanes:
            lane.gone = True
        self._writing.busy(GRACE_S)  # what is nearly written need not be written by another again
        self._settle(lanes)
        self._lost(_, places)

    def _lost(self, _: Consumer, places: list[TopicPartition]) -> None:
        for place in places:
            lane = self._lanes.pop((place.topic, place.partition), None)
            if lane is not None:
                lane.gone = True

    def _settle(self, lanes: Iterable[Lane]) -> None:
        """Closes what was written, so that nobody has to write it again. What was announced and is not written
        stays announced.
        """
        closed = [lane for lane in lanes if lane.closed is not None]
        if not closed:
            return
        try:
            self._consumer.commit(
                offsets=[TopicPartition(lane.topic, lane.partition, lane.start) for lane in closed],
                asynchronous=False,
            )
        except KafkaException as error:
            log.info("not closed, the next owner writes it again: %s", error)
            return
        for lane in closed:
            lane.settled = lane.start

    def _held(self) -> bool:
        """Whether so much waits that nothing more is to be taken."""
        return self.waiting >= self._config.held_rows

    def _hold(self) -> None:
        """Waits for the round that is being written, and reads on only where an announced span is not complete.
        Stays a member of the group if that takes long: asks for messages, which paused partitions do not give.
        """
        if not self._short() and not self._writing.busy(HOLD_S):
            return
        while not self._stopping and ((short := self._short()) or self._writing.busy()):
            full = [p for p in self._consumer.assignment() if (p.topic, p.partition) not in short]
            self._consumer.pause(full)
            self._take(self._consumer.consume(1, 0.1))
        self._consumer.resume(self._consumer.assignment())

    def _short(self) -> set[tuple[str, int]]:
        """Partitions of which an announced span has still to be read."""
        return {
            place
            for place, lane in self._lanes.items()
            if lane.announced is not None and lane.next < lane.announced
        }

    def _take(self, messages: Sequence[Message]) -> None:
        now_s, lanes = self._now_s(), self._lanes
        for message in messages:
            if (error := message.error()) is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    if error.fatal():
                        raise KafkaException(error)
                    log.warning("%s", error)
                continue
            topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
            lane = lanes.get((topic, partition))
            if lane is None or offset < lane.next:
                continue
            missing = lane.take(offset, self._intake.kept(topic, message), now_s)
            if missing:
                log.warning("%s[%d]: %d records before %d were deleted unread", topic, partition, missing, offset)

    def _round(self) -> None:
        """Fixes, announces and hands over what is due, when the round before is written."""
        if self._writing.busy():
            return
        now_s, config = self._now_s(), self._config
        linger_s = 0.0 if self._held() else config.linger_s
        spans = {
            place: lane.cut(config.max_rows, now_s)
            for place, lane in self._lanes.items()
            if lane.due(now_s, config.max_rows, linger_s)
        }
        if not spans:
            # Nothing follows that would close them: whoever asks how far the sink is would be told too little.
            self._settle([lane for lane in self._lanes.values() if lane.settled != lane.start])
            return
        self._intake.flush()
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
            for lane in self._lanes.values():
                lane.gone = True
            self._lanes.clear()  # the rebalance that follows gives new ones
            return
        self._writing.start(
            [(self._intake.topics[span.topic].noun, span, self._lanes[place]) for place, span in spans.items()]
        )

"""Records by where they lie: the log as a store that is asked for topic, partition and offset."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from topics.connection import Connection
from topics.read import NOT_THERE, watermarks

SKIP = 500  # records that are cheaper to read over than to seek past
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True, order=True)
class At:
    """Where a record lies in the log; stands still for ever."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Absent:
    """Why there is no record at a place."""

    why: str


class Fetcher:
    """Reads single records from any thread, one question at a time; its consumer is made when needed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._consumer: Consumer | None = None

    def fetch(self, places: Iterable[At]) -> dict[At, Message | Absent]:
        """What lies at each place, or why nothing does.

        Raises KafkaException if the broker is away, TimeoutError if it says nothing for twenty seconds.
        """
        wanted: dict[tuple[str, int], list[int]] = {}
        for place in sorted(set(places)):
            wanted.setdefault((place.topic, place.partition), []).append(place.offset)
        found: dict[At, Message | Absent] = {}
        with self._lock:
            try:
                for (topic, partition), offsets in wanted.items():
                    found |= self._partition(topic, partition, offsets)
            except (KafkaException, TimeoutError):
                self._drop()
                raise
        return found

    def bounds(self, topic: str, partition: int) -> tuple[int, int] | None:
        """First offset that is kept and the one after the last; None where there is no such partition."""
        with self._lock:
            return self._bounds(topic, partition)

    def close(self) -> None:
        """Leaves the broker."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()

    def _client(self) -> Consumer:
        if self._consumer is None:
            self._consumer = Consumer(
                self._connection.confluent(
                    group_id=f"{self._connection.names.prefix}.by-offset", enable_auto_commit=False,
                    auto_offset_reset="earliest", enable_partition_eof=True, fetch_wait_max_ms=20,
                    queued_max_messages_kbytes=8192,
                )
            )  # fmt: skip
        return self._consumer

    def _bounds(self, topic: str, partition: int) -> tuple[int, int] | None:
        try:
            return watermarks(self._client(), TopicPartition(topic, partition), patience_s=5)
        except KafkaException as error:
            if error.args[0].code() in NOT_THERE:
                return None
            raise

    def _partition(self, topic: str, partition: int, offsets: list[int]) -> dict[At, Message | Absent]:
        """One partition's places, offsets rising."""
        known = self._bounds(topic, partition)
        if known is None:
            return {At(topic, partition, o): Absent(f"there is no {topic}/{partition}") for o in offsets}
        low, high = known
        found: dict[At, Message | Absent] = {}
        there = []
        for offset in offsets:
            if offset < low:
                found[At(topic, partition, offset)] = Absent(f"deleted by retention: the log begins at {low}")
            elif offset >= high:
                found[At(topic, partition, offset)] = Absent(f"not written: the log ends at {high}")
            else:
                there.append(offset)
        return found | self._read(topic, partition, there)

    def _read(self, topic: str, partition: int, offsets: list[int]) -> dict[At, Message | Absent]:
        found: dict[At, Message | Absent] = {}
        client, waiting, standing = self._client(), list(reversed(offsets)), -SKIP - 1
        until_s = time.monotonic() + PATIENCE_S
        while waiting:
            if not standing <= waiting[-1] <= standing + SKIP:
                client.assign([TopicPartition(topic, partition, waiting[-1])])
            for message in client.consume(min(SKIP, waiting[0] - waiting[-1] + 1), 0.5):
                error = message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                standing = (message.offset() or 0) + (error is None)
                while waiting and waiting[-1] < standing:
                    place = At(topic, partition, waiting.pop())
                    hit = error is None and message.offset() == place.offset
                    found[place] = message if hit else Absent("compacted away")
                until_s = time.monotonic() + PATIENCE_S
            if time.monotonic() > until_s:
                raise TimeoutError(f"{topic}/{partition} said nothing for {PATIENCE_S:g} s")
        return found

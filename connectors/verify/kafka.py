"""The real log, as a verification reads it."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from connectors.verify.lying import Lying, Stretch
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.lag import committed
from topics.partitioner import partition_of
from topics.read import consumer, partitions_of, watermarks
from topics.route import ROUTE

SINK = "clickhouse"
SILENCE_S = 30.0


class KafkaLog:
    """A run's topics between two moments, looked at once: groups first, then topics against the current.

    In this order whatever a group says to be done is written in what is read, and whatever a record names lies in
    what is read of the topics above it.

    Args:
        connection: Where the log is, and which run.
        stream: Only its partition is read, where one is given.
        from_ms, to_ms: Only what was written from … until before, in ms since 1970.

    """

    def __init__(
        self, connection: Connection, stream: str = "", from_ms: int | None = None, to_ms: int | None = None
    ) -> None:
        self.names, self.partitions = connection.names, connection.partitions
        self.whole = to_ms is None
        self._connection = connection
        self.committed = groups(connection)
        self.stretches: dict[tuple[str, int], Stretch] = {}
        only = partition_of(stream.encode(), connection.partitions) if stream else None
        with consumer(connection) as client:
            for name in [*(self.names.dlq(t) for t in CATALOG), *(self.names.topic(t) for t in reversed(CATALOG))]:
                places = [p for p in partitions_of(client, [name]) if only in (None, p.partition)]
                for p in places:
                    low, high = watermarks(client, p)
                    first = max(low, _offset_at(client, p, from_ms, high) if from_ms is not None else low)
                    end = min(high, _offset_at(client, p, to_ms, high) if to_ms is not None else high)
                    self.stretches[name, p.partition] = Stretch(low, first, max(first, end))

    def batches(self, topic: str) -> Iterator[list[Lying]]:
        """The topic's messages, at most 2,000 at a time."""
        for (name, partition), stretch in self.stretches.items():
            if name == topic and stretch.first < stretch.end:
                yield from _stretch(self._connection, topic, partition, stretch)


def _offset_at(client: Consumer, place: TopicPartition, ms: int, high: int) -> int:
    found = client.offsets_for_times([TopicPartition(place.topic, place.partition, ms)], timeout=20)[0]
    if found.error is not None:
        raise KafkaException(found.error)
    return int(found.offset) if found.offset >= 0 else high


def _stretch(connection: Connection, topic: str, partition: int, stretch: Stretch) -> Iterator[list[Lying]]:
    """KafkaException if the broker refuses, or says nothing for 30 s."""
    with consumer(connection, queued_max_messages_kbytes=32 << 10) as client:
        start = OFFSET_BEGINNING if stretch.first == stretch.low else stretch.first
        client.assign([TopicPartition(topic, partition, start)])
        heard_s = time.monotonic()
        while True:
            batch, over = [], False
            for message in client.consume(2_000, 0.5):
                heard_s = time.monotonic()
                error = message.error()
                if error is not None:
                    if error.code() != KafkaError._PARTITION_EOF:
                        raise KafkaException(error)
                    over = True
                elif (message.offset() or 0) >= stretch.end:
                    over = True
                else:
                    batch.append(_lying(message))
                    over = over or batch[-1].offset == stretch.end - 1
            if batch:
                yield batch
            if over:
                return
            if time.monotonic() - heard_s > SILENCE_S:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


def _lying(m: Any) -> Lying:
    return Lying(
        m.topic(), m.partition(), m.offset(), m.key(), m.value(), m.headers() or (), int(m.timestamp()[1])
    )


def groups(connection: Connection) -> dict[tuple[str, str, int], int]:
    """How far every station, the clip cutter and the sink of rows say that they are."""
    found: dict[tuple[str, str, int], int] = {}
    readers: Sequence[tuple[str, Sequence[Any]]] = [*((e.name, e.reads) for e in ROUTE), (SINK, CATALOG)]
    for name, topics in readers:
        at = committed(connection, name, [connection.names.topic(t) for t in topics])
        found |= {(name, *place): offset for place, offset in at.items() if offset is not None}
    return found


def behind(connection: Connection, names: Sequence[str] = ()) -> int:
    """Records that stations, cutter and sink (or those of `names`) have not dealt with, as they say."""
    from topics.lag import lag_of

    readers: Sequence[tuple[str, Sequence[Any]]] = [*((e.name, e.reads) for e in ROUTE), (SINK, CATALOG)]
    left = 0
    for name, topics in readers:
        if not names or name in names:
            left += sum(
                lag_of(
                    connection, committed(connection, name, [connection.names.topic(t) for t in topics])
                ).values()
            )
    return left

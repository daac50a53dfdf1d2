"""The real log, as a verification reads it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from connectors.verify.lying import Lying, Stretch
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.partitioner import partition_of
from topics.read import bounds, consumer, offset_since, partitions_of, watermarks
from topics.route import ROUTE

SINK = "clickhouse"
SILENCE_S = 30.0
BATCH = 2_000


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
        self.committed = groups(connection)
        self.stretches: dict[tuple[str, int], Stretch] = {}
        only = partition_of(stream.encode(), connection.partitions) if stream else None
        with ExitStack() as opened:
            client = self._client = opened.enter_context(
                consumer(connection, queued_max_messages_kbytes=32 << 10, fetch_wait_max_ms=20)
            )
            have = client.list_topics(timeout=20).topics
            letters = [n for t in CATALOG if (n := self.names.dlq(t)) in have]  # a run has them of what it reads
            for name in [*letters, *(self.names.topic(t) for t in reversed(CATALOG))]:
                places = [p for p in partitions_of(client, [name]) if only in (None, p.partition)]
                for p in places:
                    low, high = watermarks(client, p)
                    first = max(low, _offset_at(client, p, from_ms, high) if from_ms is not None else low)
                    end = min(high, _offset_at(client, p, to_ms, high) if to_ms is not None else high)
                    self.stretches[name, p.partition] = Stretch(low, first, max(first, end))
            self.close = opened.pop_all().close

    def batches(self, topic: str) -> Iterator[list[Lying]]:
        """The topic's messages, a batch at a time."""
        for (name, partition), stretch in self.stretches.items():
            if name == topic and stretch.first < stretch.end:
                yield from _stretch(self._client, topic, partition, stretch)


def _offset_at(client: Consumer, place: TopicPartition, ms: int, high: int) -> int:
    found = offset_since(client, place, ms)
    return high if found is None else found


def _stretch(client: Consumer, topic: str, partition: int, stretch: Stretch) -> Iterator[list[Lying]]:
    """KafkaException if the broker refuses, or says nothing for 30 s."""
    start = OFFSET_BEGINNING if stretch.first == stretch.low else stretch.first
    client.assign([TopicPartition(topic, partition, start)])
    heard_s, at = time.monotonic(), stretch.first
    while at < stretch.end:
        batch = []
        # Not more than there is: what asks for more waits for it until its time is over.
        for message in client.consume(min(BATCH, stretch.end - at), 0.5):
            heard_s = time.monotonic()
            error = message.error()
            if error is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                at = stretch.end
            elif (offset := message.offset() or 0) < stretch.end:
                batch.append(_lying(message))
                at = max(at, offset + 1)
            else:
                at = stretch.end
        if batch:
            yield batch
        if time.monotonic() - heard_s > SILENCE_S:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


def _lying(m: Any) -> Lying:
    return Lying(
        m.topic(), m.partition(), m.offset(), m.key(), m.value(), m.headers() or (), int(m.timestamp()[1])
    )


def groups(connection: Connection, timeout_s: float = 20) -> dict[tuple[str, str, int], int]:
    """How far every station, the clip cutter and the sink of rows say that they are."""
    admin, names = AdminClient(connection.confluent()), connection.names
    asked = {
        name: admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(names.group(name))], request_timeout=timeout_s
        )[names.group(name)]
        for name in (*(e.name for e in ROUTE), SINK)
    }
    found: dict[tuple[str, str, int], int] = {}
    for name, future in asked.items():
        try:
            places = future.result().topic_partitions
        except KafkaException as error:
            if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
                raise
            continue  # nobody has run it yet
        found |= {(name, p.topic, p.partition): p.offset for p in places if p.offset >= 0}
    return found


def behind(connection: Connection, wanted: Sequence[str] = ()) -> int:
    """Records that stations, cutter and sink (or those that are wanted) have not dealt with, as they say."""
    names, left, at = connection.names, 0, groups(connection)
    readers = [
        *((e.name, e.reads) for e in ROUTE if names.owns(e.writes)),
        (SINK, tuple(filter(names.owns, CATALOG))),
    ]
    ends = bounds(connection, [names.topic(t) for t in CATALOG])
    for name, topics in readers:
        if wanted and name not in wanted:
            continue
        for (topic, partition), (low, high) in ends.items():
            if topic in [names.topic(t) for t in topics]:
                left += high - max(low, at.get((name, topic, partition), low))
    return left

"""Reads stretches of the log with an ordinary consumer and no group: for people, ends of runs, tests."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from topics.connection import Connection

T = TypeVar("T")


@contextmanager
def consumer(connection: Connection, **settings: object) -> Iterator[Consumer]:
    """A consumer that commits nothing and belongs to no group anybody else is in."""
    client = Consumer(
        connection.confluent(
            **{
                "group_id": f"{connection.names.prefix}.reader",
                "enable_auto_commit": False,
                "auto_offset_reset": "error",
                "enable_partition_eof": True,
                **settings,
            }
        )
    )
    try:
        yield client
    finally:
        client.close()


def partitions_of(client: Consumer, topics: Sequence[str], timeout_s: float = 20) -> list[TopicPartition]:
    """All partitions of the topics; KafkaException if one does not exist."""
    found = []
    for topic in topics:
        described = client.list_topics(topic, timeout=timeout_s).topics[topic]
        if described.error is not None:
            raise KafkaException(described.error)
        found += [TopicPartition(topic, number) for number in sorted(described.partitions)]
    return found


def existing(connection: Connection, topics: Sequence[str], timeout_s: float = 20) -> list[str]:
    """Those of the topics that the broker has."""
    with consumer(connection) as client:
        have = client.list_topics(timeout=timeout_s).topics
    return [topic for topic in topics if topic in have]


NOT_THERE = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION})
# What is said of a partition that was made a moment ago, or whose leader is changing, has just been killed, or
# does not know yet how far its followers are.
PASSING = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError._DESTROY_BROKER,
        KafkaError._TRANSPORT,
        KafkaError._TIMED_OUT,
        *NOT_THERE,
    }
)


def _patiently(ask: Callable[[], T], patience_s: float) -> T:
    """What the broker answers; asked again while the partition has no leader yet."""
    until = time.monotonic() + patience_s
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in PASSING or time.monotonic() > until:
                raise
            time.sleep(0.05)


def watermarks(client: Consumer, tp: TopicPartition, patience_s: float = 20) -> tuple[int, int]:
    """First offset of a partition and the one after the last; waits while the partition has no leader yet."""
    found: tuple[int, int] = _patiently(lambda: client.get_watermark_offsets(tp, timeout=patience_s), patience_s)
    return found


def offset_since(client: Consumer, tp: TopicPartition, since_ms: int, patience_s: float = 20) -> int | None:
    """First offset of a partition that was appended at or after a time; None where none was. It waits likewise."""

    def ask() -> int | None:
        asked = TopicPartition(tp.topic, tp.partition, since_ms)
        (found,) = client.offsets_for_times([asked], timeout=patience_s)
        if found.error is not None:
            raise KafkaException(found.error)
        return int(found.offset) if found.offset >= 0 else None

    return _patiently(ask, patience_s)


def append_ms(client: Consumer, topic: str, partition: int, offset: int) -> int:
    """When one record was appended; 0 if it can not be read within a second."""
    client.assign([TopicPartition(topic, partition, offset)])
    until = time.monotonic() + 1
    while time.monotonic() < until:
        message = client.poll(0.2)
        if message is not None and message.error() is None:
            return int(message.timestamp()[1])
    return 0


def bounds(connection: Connection, topics: Sequence[str]) -> dict[tuple[str, int], tuple[int, int]]:
    """First offset and the one after the last, by topic and partition."""
    with consumer(connection) as client:
        return {(tp.topic, tp.partition): watermarks(client, tp) for tp in partitions_of(client, topics)}


def stretch(connection: Connection, topic: str, partition: int, start: int, stop: int) -> Iterator[Message]:
    """Messages of one partition from offset `start` up to but not including `stop`, as far as the log has them."""
    with consumer(connection, fetch_max_bytes=8 << 20, queued_max_messages_kbytes=16 << 10) as client:
        low, high = watermarks(client, TopicPartition(topic, partition))
        start, stop = max(start, low), min(stop, high)
        if start >= stop:
            return
        client.assign([TopicPartition(topic, partition, start)])
        while True:
            message = client.poll(0.5)
            if message is None:
                continue
            error = message.error()
            if error is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                return
            offset = message.offset() or 0
            if offset >= stop:
                return
            yield message
            if offset + 1 >= stop:
                return


def until(client: Consumer, left: dict[tuple[str, int], int], *, follow: bool = False) -> Iterator[Message]:
    """What an assigned consumer gets, up to the offset that `left` has of each topic and partition; one that was
    reached is taken out of it. Marks and compacted records count as read. `follow`: goes on for ever.
    """
    while follow or left:
        message = client.poll(0.5)
        if message is None:
            continue
        place = (message.topic() or "", message.partition() or 0)
        error = message.error()
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            left.pop(place, None)
            continue
        end, offset = left.get(place, 0), message.offset() or 0
        if follow or offset < end:
            yield message
        if offset + 1 >= end:
            left.pop(place, None)


def read(
    connection: Connection, topics: Sequence[str], *, last: int | None = None, follow: bool = False
) -> Iterator[Message]:
    """Messages of the topics, in order within each partition.

    Args:
        last: only the last so many of each partition; 0 means from now on, None from the beginning.
        follow: goes on waiting for more; otherwise ends where the log ended at the first look.

    """
    if not topics:
        return
    with consumer(connection) as client:
        starts, left = [], {}
        for tp in partitions_of(client, topics):
            low, high = watermarks(client, tp)
            start = OFFSET_BEGINNING if last is None else max(low, high - last)
            if follow or high > max(low, start):
                starts.append(TopicPartition(tp.topic, tp.partition, start))
                left[tp.topic, tp.partition] = high
        if not starts:
            return
        client.assign(starts)
        yield from until(client, left, follow=follow)

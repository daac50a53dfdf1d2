"""Where the cutter stands: read off the tail of its own output, and records read by their place."""

import time
from collections.abc import Callable

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.offsets import bounds_of
from schemas.records import Clip, Ref
from topics.connection import Connection
from topics.names import Names
from topics.read import consumer as reader

IN = "framelog.in"
# Each place sought anew waits for the fetch in flight at the old one: by default half a second a record.
FETCH_WAIT_MS = 10


def behind_tail(connection: Connection, topic: str, partition: int) -> int:
    """Offset of the first highlight of a partition that has no record in the clips `topic` yet."""
    with reader(connection, fetch_wait_max_ms=FETCH_WAIT_MS) as client:
        low, high = bounds_of(client, topic, partition)
        for offset in range(high - 1, low - 1, -1):
            found = message_at(client, Ref(topic=topic, partition=partition, offset=offset))
            named = dict(found.headers() or []).get(IN) if found is not None else None
            if isinstance(named, bytes):
                return int(named.rpartition(b":")[2]) + 1
    return int(OFFSET_BEGINNING)


def message_at(client: Consumer, ref: Ref, now_s: Callable[[], float] = time.monotonic) -> Message | None:
    """The message at a place; None if it is not there any more."""
    low, high = bounds_of(client, ref.topic, ref.partition)
    if not low <= ref.offset < high:
        return None
    client.assign([TopicPartition(ref.topic, ref.partition, ref.offset)])
    until_s = now_s() + 30
    while now_s() < until_s:
        message = client.poll(1.0)
        if message is None:
            continue
        if (error := message.error()) is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                return None
            raise KafkaException(error)
        return message if message.offset() == ref.offset else None
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


def headers_of(clip: Clip, names: Names, highlight: Ref) -> list[tuple[str, str | bytes | None]]:
    """Headers of a clip's record: CloudEvents in binary mode, and the place of the highlight that it came of."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", clip.id.encode()),
        ("ce_source", f"/{names.prefix}/{names.run}/clips".encode()),
        ("ce_type", b"framelog.clips"),
        ("ce_subject", clip.stream_id.encode()),
        ("content-type", b"application/avro"),
        (IN, f"{highlight.topic}:{highlight.partition}:{highlight.offset}".encode()),
    ]

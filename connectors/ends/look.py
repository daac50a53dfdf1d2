"""How far sessions are in the raw topics, and what time it is there."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from connectors.ends.plan import Unended
from connectors.ingest.ledger import Spot
from connectors.ingest.quiet import QUIET
from schemas.codec import Undecodable
from topics.catalog import BY_NOUN, RAW
from topics.connection import Connection
from topics.read import append_ms, consumer, watermarks
from topics.registry import Serde

CLOCK = b"clock"
GAP_S = 20.0
Key = tuple[str, str]
# stream_id, session_id


def log_now_ms(connection: Connection) -> int:
    """The broker's time, by a small record that it stamps: no clock of this machine has a say in who is idle."""
    stamped: list[int] = []

    def confirmed(error: KafkaError | None, message: Any) -> None:
        if error is None:
            stamped.append(int(message.timestamp()[1]))

    producer = Producer(connection.producer(message_timeout_ms=int(GAP_S * 1000)) | QUIET)
    producer.produce(connection.names.state("ingest"), value=b"", key=CLOCK, on_delivery=confirmed)
    producer.flush(GAP_S)
    if not stamped:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the log does not say what time it is"))
    return stamped[0]


def last_ms(connection: Connection, session: Unended) -> int:
    """When the log took the session's last record; 0 if it has none of them any more."""
    with consumer(connection) as client:
        return max(
            (append_ms(client, connection.names.topic(BY_NOUN[noun]), spot.partition, spot.offset)
             for noun, spot in session.spots.items()),
            default=0,
        )  # fmt: skip


def followed_by_ours(connection: Connection, session: Unended) -> bool:
    """Whether the session that began after this one on its stream is one of our own ingest."""
    if session.followed is None:
        return False
    noun, offset = session.followed
    with consumer(connection) as client:
        client.assign([TopicPartition(connection.names.topic(BY_NOUN[noun]), session.partition, offset)])
        message = client.poll(GAP_S)
    if message is None or message.error() is not None or message.offset() != offset:
        return False
    source = dict(message.headers() or []).get("ce_source")
    return bool(source == f"/framelog/streams/{session.stream_id}".encode())


def catch_up(
    connection: Connection,
    serde: Serde,
    sessions: Mapping[Key, Unended],
    starts: Mapping[tuple[str, int], int],
    wanted: Callable[[Key], bool] = lambda _: True,
) -> dict[Key, Unended]:
    """The sessions with what the log holds of them from `starts` (by noun and partition) on, new ones too."""
    found = {key: session for key, session in sessions.items() if wanted(key)}
    for noun, message in _behind(connection, starts):
        if not wanted(((message.key() or b"").decode(errors="replace"), "")):
            continue
        record = serde.decode(message.value(), BY_NOUN[noun])
        if isinstance(record, Undecodable) or message.key() != record.stream_id.encode():
            continue
        key, place = (record.stream_id, record.session_id), int(message.partition() or 0)
        spot = Spot(place, int(message.offset() or 0), record.seq, record.pts_us, record.end)
        found[key] = found.get(key, Unended(*key, place, {})).met(noun, spot)
    return found


def _behind(connection: Connection, starts: Mapping[tuple[str, int], int]) -> Iterator[tuple[str, Any]]:
    """What lies from some offsets to the ends of now, as noun and message."""
    nouns = {connection.names.topic(t): t.noun for t in RAW}
    with consumer(connection, isolation_level="read_uncommitted", fetch_wait_max_ms=20) as client:
        places, left = [], set[tuple[str, int]]()
        for (noun, partition), start in starts.items():
            name = connection.names.topic(BY_NOUN[noun])
            low, high = watermarks(client, TopicPartition(name, partition))
            if max(start, low) < high:
                places.append(TopicPartition(name, partition, max(start, low)))
                left.add((name, partition))
        if not places:
            return
        client.assign(places)
        until = time.monotonic() + GAP_S
        while left:
            message = client.poll(0.2)
            if message is None:
                if time.monotonic() > until:
                    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the raw topics can not be read"))
                continue
            until = time.monotonic() + GAP_S
            if (error := message.error()) is None:
                yield nouns[message.topic() or ""], message
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard((message.topic() or "", int(message.partition() or 0)))
            else:
                raise KafkaException(error)

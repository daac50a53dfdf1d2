"""Reads dead letters, keeps note of which were dealt with, fetches what lies at a place."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from connectors.letters.case import Case, Letter, Spot, Wanted, cases, letter, spot
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.read import consumer, read, watermarks

FLUSH_S = 30.0
SILENCE_S = 20.0


def letters_of(connection: Connection) -> Iterator[Letter]:
    """Every dead letter of the connection's run that says where it was."""
    with consumer(connection) as client:
        have = client.list_topics(timeout=SILENCE_S).topics
    names = [name for t in CATALOG if (name := connection.names.dlq(t)) in have]
    for m in read(connection, names) if names else ():
        at = Spot(m.topic() or "", m.partition() or 0, m.offset() or 0)
        headers: Any = m.headers() or ()
        if (found := letter(at, m.key(), headers, int(m.timestamp()[1]))) is not None:
            yield found


def handled(connection: Connection) -> list[tuple[Spot, str, str]]:
    """What was dealt with: origin, reader, how."""
    latest = {m.key(): m.value() for m in read(connection, [connection.names.letters])}
    found = []
    for key, value in latest.items():
        if value is not None:
            origin, reader = json.loads(key or b"")
            found.append((spot(origin), reader, json.loads(value)["how"]))
    return found


def cases_of(connection: Connection, wanted: Wanted) -> list[Case]:
    """The cases of the connection's run that are wanted."""
    return [c for c in cases(letters_of(connection), handled(connection)) if wanted(c, connection.names)]


def note(connection: Connection, done: Iterable[tuple[Spot, str, str]]) -> None:
    """Keeps note of what was dealt with: origin, reader, how. KafkaException if the log does not take it."""
    failed: list[Any] = []
    producer = Producer(connection.producer())
    for origin, reader, how in done:
        producer.produce(
            connection.names.letters,
            key=json.dumps([str(origin), reader]).encode(),
            value=json.dumps({"how": how}).encode(),
            on_delivery=lambda error, _: failed.append(error) if error is not None else None,
        )
    if producer.flush(FLUSH_S) or failed:
        raise KafkaException(failed[0] if failed else KafkaError(KafkaError._TIMED_OUT))


def fetch(client: Consumer, place: Spot) -> Message | None:
    """The message at a place; None if the log has it not (any more). KafkaException if it does not answer."""
    at = TopicPartition(place.topic, place.partition, place.offset)
    known = client.list_topics(place.topic, timeout=SILENCE_S).topics[place.topic]
    if known.error is not None or place.partition not in known.partitions:
        return None
    low, high = watermarks(client, at)
    if not low <= place.offset < high:
        return None
    client.assign([at])
    for _ in range(round(SILENCE_S / 0.5)):
        message = client.poll(0.5)
        if message is None:
            continue
        if (error := message.error()) is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                return None
            raise KafkaException(error)
        return message if message.offset() == place.offset else None
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

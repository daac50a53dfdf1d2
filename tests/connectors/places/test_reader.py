"""The index read out of a real log: `streams` up to date, behind or silent, and with a beginning that is gone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.places import Missing, Stretch, places_of, stretch_of
from schemas.records import Frame, Packets, Position, StreamNotice
from topics.catalog import BY_NOUN, DETECTIONS, PACKETS
from topics.connection import Connection
from topics.read import stretch
from topics.registry import Serde

pytestmark = [pytest.mark.kafka, pytest.mark.network]
S = 1_000_000


@pytest.fixture
def serde(connection: Connection) -> Iterator[Serde]:
    with Serde(connection) as made:
        yield made


def put(connection: Connection, serde: Serde, *records: Any) -> list[Any]:
    """Where the records lie: messages of their own delivery."""
    placed: list[Any] = []
    producer = Producer(connection.producer())
    for record in records:
        topic = next(t for t in BY_NOUN.values() if t.record is type(record))
        producer.produce(
            connection.names.topic(topic), serde.encode(record), record.stream_id.encode(),
            on_delivery=lambda _, m: placed.append(m),
        )  # fmt: skip
    assert producer.flush(60) == 0
    return placed


def packets(seconds: int, session: str = "e", end: bool = True) -> list[Packets]:
    of: dict[str, Any] = {"stream_id": "door", "session_id": session}
    made = [Packets(**of, seq=n, pts_us=n * S) for n in range(seconds)]
    return [*made, Packets(**of, seq=seconds, pts_us=seconds * S, end=True)] if end else made


def notices(placed: list[Any], session: str = "e", upto: int = 1000) -> list[StreamNotice]:
    """What `streams` says of packets that lie there, one a second, every ten seconds."""

    def position(n: int) -> Position:
        m = placed[n]
        return Position(topic=m.topic(), partition=m.partition(), offset=m.offset(), seq=n, pts_us=n * S)

    of: dict[str, Any] = {"stream_id": "door", "session_id": session}
    said = [StreamNotice(**of, seq=0, pts_us=0, kind="started", positions=(position(0),))]
    return said + [
        StreamNotice(**of, seq=n // 10, pts_us=n * S, kind="progress", end_us=n * S, positions=(position(n),))
        for n in range(10, min(len(placed) - 1, upto), 10)
    ]


def got(connection: Connection, serde: Serde, of: Stretch | Missing) -> list[int]:
    """Seconds of stream time of the records in a stretch."""
    assert isinstance(of, Stretch), of
    found = [
        serde.decode(m.value(), PACKETS) for m in stretch(connection, of.topic, of.partition, of.start, of.stop)
    ]
    return [r.pts_us // S for r in found if isinstance(r, Packets) and r.stream_id == "door"]


def test_a_log_without_the_stream_has_nothing_of_it(connection: Connection, serde: Serde) -> None:
    places = places_of(connection, serde, "door")
    assert places.sessions() == ()
    assert got(connection, serde, stretch_of(connection, serde, places, PACKETS, "door", "e", 0)) == []
    with pytest.raises(ValueError, match="detections is no raw topic"):
        stretch_of(connection, serde, places, DETECTIONS, "door", "e", 0)


def test_a_stretch_is_found_by_the_notices_and_by_what_lies_behind_them(
    connection: Connection, serde: Serde
) -> None:
    others = [replace(p, stream_id=f"other{n % 7}") for n, p in enumerate(packets(20))]
    put(connection, serde, *others)
    placed = put(connection, serde, *packets(40))
    put(connection, serde, *notices(placed))
    places = places_of(connection, serde, "door")
    assert got(connection, serde, stretch_of(connection, serde, places, PACKETS, "door", "e", 10 * S, 20 * S)) == [
        *range(10, 20)
    ]
    assert got(connection, serde, stretch_of(connection, serde, places, PACKETS, "door", "e", 25 * S)) == [
        *range(20, 41)
    ]
    again = replace(connection, names=replace(connection.names, run="again"))
    assert places_of(again, serde, "door").sessions() == places.sessions()


@pytest.mark.parametrize("upto", [0, 11, 1000])
def test_notices_that_lag_are_made_up_for_by_the_raw_topic(
    connection: Connection, serde: Serde, upto: int
) -> None:
    placed = put(connection, serde, *packets(40))
    if upto:
        put(connection, serde, *notices(placed, upto=upto))
    places = places_of(connection, serde, "door", behind=(PACKETS,))
    (session,) = places.sessions("door")
    assert (session.first_us, session.last_us, session.ended) == (0, 40 * S, True)
    late = stretch_of(connection, serde, places, PACKETS, "door", "e", 35 * S, 38 * S)
    assert got(connection, serde, late)[-3:] == [35, 36, 37]


def test_what_retention_took_is_named(connection: Connection, serde: Serde) -> None:
    put(connection, serde, Frame(stream_id="door", session_id="e", seq=0, pts_us=0))
    placed = put(connection, serde, *packets(40))
    put(connection, serde, *notices(placed))
    partition, cut = placed[0].partition(), placed[25].offset()
    admin = AdminClient(connection.confluent())
    for done in admin.delete_records([TopicPartition(placed[0].topic(), partition, cut)]).values():
        done.result()
    places = places_of(connection, serde, "door")
    found = stretch_of(connection, serde, places, PACKETS, "door", "e", 12 * S, 30 * S)
    assert found == Missing(placed[0].topic(), partition, placed[10].offset(), cut, 25 * S)
    assert "offsets from" in str(found)
    assert "whole from 25.00 s on" in str(found)
    whole = stretch_of(connection, serde, places, PACKETS, "door", "e", 26 * S, 30 * S)
    assert got(connection, serde, whole) == [*range(25, 30)]
    gone = stretch_of(connection, serde, places, PACKETS, "door", "unknown", 0)
    assert isinstance(gone, Missing)
    assert (gone.wanted, gone.available_us) == (None, None)

"""Where a cutter goes on, read off real records."""

import pytest
from confluent_kafka import Producer

from connectors.clips.lane import Place
from connectors.clips.tail import headers_of, lane_of
from schemas.records import Clip, Ref
from topics.catalog import CLIPS
from topics.connection import Connection

pytestmark = [pytest.mark.kafka, pytest.mark.network]


def put(connection: Connection, *answers: tuple[int, Place | None]) -> None:
    """Records of clips that answer highlights; None for one that a build wrote which knew no place."""
    producer = Producer(connection.producer())
    for offset, place in answers:
        clip, highlight = (
            Clip(stream_id="s", session_id="e", seq=0, pts_us=0),
            Ref(topic="h", partition=1, offset=offset),
        )
        headers = headers_of(clip, connection.names, highlight, place or Place(0, 0))
        producer.produce(
            connection.names.topic(CLIPS), b"", partition=1, headers=headers if place else headers[:-1]
        )
    assert producer.flush(60) == 0


def test_without_records_it_begins_at_the_beginning(connection: Connection) -> None:
    lane = lane_of(connection, connection.names.topic(CLIPS), 1)
    assert (lane.next, lane.end, lane.answered) == (0, 0, {})


def test_it_knows_what_was_answered_out_of_order(connection: Connection) -> None:
    put(connection, (0, Place(1, 0)), (3, Place(1, 1)), (5, Place(1, 1)), (1, Place(2, 1)))
    lane = lane_of(connection, connection.names.topic(CLIPS), 1)
    assert (lane.next, lane.end, lane.answered) == (2, 4, {3: 1, 5: 2})


def test_records_of_a_build_that_cut_in_strict_order_are_understood(connection: Connection) -> None:
    put(connection, (0, None), (7, None))
    lane = lane_of(connection, connection.names.topic(CLIPS), 1)
    assert (lane.next, lane.end, lane.answered) == (8, 2, {})

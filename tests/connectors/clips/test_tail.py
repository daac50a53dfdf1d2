"""Records read by their place, against a real broker."""

import time

import pytest

from connectors.clips.tail import FETCH_WAIT_MS, message_at
from schemas.records import Highlight
from tests.connectors.clips.test_cutter import put
from topics.connection import Connection
from topics.read import consumer

pytestmark = [pytest.mark.kafka, pytest.mark.network]
RECORDS = 20


def test_records_here_and_there_do_not_wait_for_the_fetch_at_the_place_before(connection: Connection) -> None:
    places = put(connection, *(Highlight(stream_id="s", session_id="e", seq=n) for n in range(RECORDS)))
    with consumer(connection, fetch_wait_max_ms=FETCH_WAIT_MS) as client:
        assert message_at(client, places[0]) is not None
        began = time.monotonic()
        found = [message_at(client, place) for place in reversed(places)]
        took_s = time.monotonic() - began
    assert [m.offset() for m in found if m is not None] == [p.offset for p in reversed(places)]
    assert took_s < RECORDS * 0.25, "at half a second each, as librdkafka has it, a clip of 20 s took 10 more"

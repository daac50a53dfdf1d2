"""What the platform wrote through Kafka is what the offline shell says of the same log, and keeps the contract."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from processors.build import build
from processors.offline import run_offline
from processors.shelf import Shelf
from schemas.identity import record_id
from schemas.records import Ref
from tests.route.played import Played
from tests.route.reopened import Log
from topics.catalog import BY_NOUN, CATALOG, RAW
from topics.route import ROUTE, STATIONS

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.media, pytest.mark.timeout(900)]
NOUNS = tuple(t.noun for t in CATALOG)
DERIVED = tuple(t.noun for t in CATALOG if t.kind == "derived")
WRITER = {edge.writes.noun: edge.name for edge in ROUTE}


def sessions(log: Log, noun: str) -> dict[tuple[str, str], list[Any]]:
    """Records by session, in the log's order."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for record in log.records(noun):
        found[record.stream_id, record.session_id].append(record)
    assert found, f"nothing on {noun}"
    return found


def refs_in(value: Any) -> Iterator[Ref]:
    """Every place in the log that a record names; an empty topic names none."""
    match value:
        case Ref():
            if value.topic:
                yield value
        case tuple() | list():
            for inner in value:
                yield from refs_in(inner)
        case _ if hasattr(value, "__dataclass_fields__"):
            for name in value.__dataclass_fields__:
                yield from refs_in(getattr(value, name))


def test_both_shells_say_the_same_bytes_on_every_topic(reopened: Log, played: Played) -> None:
    shelf = Shelf("cpu", played.weights)
    cores = {name: build(name, {}, shelf) for name in STATIONS}
    raw = {topic: reopened.messages(topic.noun) for topic in RAW}
    want = run_offline(raw, cores, reopened.serde.encode, reopened.serde.decode)
    assert set(want) == {BY_NOUN[name].noun for name in STATIONS}
    for noun, values in want.items():
        got = [message.value for message in reopened.messages(noun)]
        other = next((at for at, (a, b) in enumerate(zip(got, values, strict=False)) if a != b), None)
        where = None if other is None else reopened.records(noun)[other]
        assert (len(got), other) == (len(values), None), f"{noun}: {where}"
    print({noun: len(values) for noun, values in want.items()}, "equal bytes")


@pytest.mark.parametrize("noun", NOUNS)
def test_seq_is_dense_and_exactly_one_end_comes_last(reopened: Log, noun: str) -> None:
    for session, records in sessions(reopened, noun).items():
        assert [r.seq for r in records] == list(range(len(records))), session
        assert [r.end for r in records] == [False] * (len(records) - 1) + [True], session


@pytest.mark.parametrize("noun", NOUNS)
def test_stream_time_never_falls_below_what_was_promised(reopened: Log, noun: str) -> None:
    for session, records in sessions(reopened, noun).items():
        promised_us = -1
        for r in records:
            assert r.pts_us >= promised_us, (session, r.seq)
            promised_us = max(r.pts_us, promised_us) if noun not in DERIVED else max(r.watermark_us, promised_us)
        times_us = [r.pts_us for r in records]
        assert times_us == sorted(times_us), session
        if noun in DERIVED:
            watermarks_us = [r.watermark_us for r in records]
            assert watermarks_us == sorted(watermarks_us), session


@pytest.mark.parametrize("noun", DERIVED)
def test_every_id_can_be_computed_again(reopened: Log, noun: str) -> None:
    for (stream, session), records in sessions(reopened, noun).items():
        for r in records:
            assert r.id == record_id(WRITER[noun], stream, session, r.seq)


@pytest.mark.parametrize("noun", DERIVED)
def test_every_place_that_a_record_names_is_there(reopened: Log, noun: str) -> None:
    named = [ref for r in reopened.records(noun) for ref in refs_in(r)]
    lost = [ref for ref in named if ref not in reopened.places]
    assert not lost, lost[:3]
    if noun in ("detections", "faces", "sounds", "fused"):
        assert named


def test_the_index_of_streams_leads_to_the_records_it_speaks_of(reopened: Log) -> None:
    by_place = {
        m.ref: r for t in RAW for m, r in zip(reopened.messages(t.noun), reopened.records(t.noun), strict=True)
    }
    positions = [p for notice in reopened.records("streams") for p in notice.positions]
    assert positions
    for p in positions:
        record = by_place[Ref(topic=p.topic, partition=p.partition, offset=p.offset)]
        assert (record.seq, record.pts_us) == (p.seq, p.pts_us)


def test_nothing_went_to_the_dead_letters(reopened: Log) -> None:
    from topics.read import bounds

    names = [reopened.connection.names.dlq(t) for t in CATALOG]
    assert sum(high - low for low, high in bounds(reopened.connection, names).values()) == 0

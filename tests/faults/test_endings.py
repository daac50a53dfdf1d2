"""Sessions whose producer died for good are ended once, whatever is killed when; none that lives is."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.ends.config import Config
from connectors.ingest import IngestError
from connectors.ingest.beat import Beat
from connectors.ingest.headers import REASON, headers
from connectors.ingest.ledger import Ledger, Standing
from connectors.ingest.tail import ends_now
from connectors.ingest.writer import Writer
from connectors.sources.config import Config as IngestConfig
from deploy.endings import Endings, StillWritten, end_by_hand, known
from processors.envelope import header
from schemas.records import Record, StreamNotice
from tests.fixtures_kafka import eventually
from tests.processors.lab import ROOT
from tests.processors.toys import audio, frame
from topics import catalog as c
from topics.connection import Connection
from topics.read import read
from topics.registry import Serde
from topics.topic import Topic

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.network]
SOON = Config(idle_s=0.2, follow_s=0.1)
INGEST = IngestConfig(heartbeat_s=0.2)
RAW: tuple[Topic[Record], ...] = (c.FRAMES, c.AUDIO, c.PACKETS)


def records(connection: Connection, topic: Topic[Any]) -> list[tuple[Any, Any]]:
    """Messages of a topic with what they hold."""
    with Serde(connection) as serde:
        return [(m, serde.decode(m.value(), topic)) for m in read(connection, [connection.names.topic(topic)])]


def write(connection: Connection, *made: Record, ours: bool = False) -> None:
    """Writes raw records as a foreign producer does, or with the headers of our ingest."""
    by_class = {t.record: t for t in RAW}
    producer = Producer(connection.producer())
    with Serde(connection) as serde:
        for record in made:
            topic = by_class[type(record)]
            told = headers(topic.noun, record) if ours else []
            producer.produce(
                connection.names.topic(topic), serde.encode(record), record.stream_id.encode(), headers=told
            )
        assert producer.flush(20) == 0


@pytest.fixture
def worker(connection: Connection) -> Iterator[subprocess.Popen[bytes]]:
    """The real `streams` station on the test's topics."""
    code = (
        "import logging, sys; logging.basicConfig(level=20)\n"
        "from processors.place import Limits; from processors.worker import run_worker\n"
        "from processors.streams.core import Config, Streams\n"
        "from topics.connection import Connection; from topics.names import Names\n"
        "c = Connection(sys.argv[1], sys.argv[2], Names(sys.argv[3]), partitions=2)\n"
        "sys.exit(run_worker(['streams'], {'streams': Streams(Config())}, c, limits=Limits(snapshot_s=0.2)))\n"
    )
    words = [sys.executable, "-c", code, connection.bootstrap, connection.registry_url, connection.names.prefix]
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL)
    yield process
    process.terminate()
    assert process.wait(30) == 0


def seen(connection: Connection, stream: str, frames: int) -> bool:
    """Whether the station's snapshot knows of so many pictures of a stream."""
    spots = [s.spots.get("frames") for (name, _), s in known(connection).sessions.items() if name == stream]
    return any(spot is not None and spot.seq >= frames - 1 for spot in spots)


def ended(connection: Connection, stream: str) -> list[StreamNotice]:
    """What `streams` has said of a stream, once it has said that it is over."""
    said = [r for _, r in records(connection, c.STREAMS) if r.stream_id == stream]
    return said if said and said[-1].end else []


def marks(connection: Connection, stream: str) -> dict[str, list[tuple[Any, Any]]]:
    """The end marks of a stream by noun, with their messages."""
    return {t.noun: [(m, r) for m, r in records(connection, t) if r.end and r.stream_id == stream] for t in RAW}


@pytest.mark.usefixtures("worker")
def test_a_session_that_nobody_writes_any_more_is_ended_once_and_streams_says_why(connection: Connection) -> None:
    write(connection, *(frame("cam", n) for n in range(4)), audio("cam", 0))
    endings = Endings(connection, SOON, INGEST)
    assert Endings(connection, SOON, INGEST).look() == []  # the first look knows nobody to be idle
    eventually(lambda: seen(connection, "cam", 4))
    (done,) = eventually(endings.look)
    assert done[0] == ("cam", "s")
    said = eventually(lambda: ended(connection, "cam"))
    told = [n.text for n in said if n.breach == "unended"]
    assert any("nothing was written for 0 s" in text for text in told), told
    assert next(n for n in said if n.kind == "ended").received[0].count == 4
    for noun, seq in (("frames", 4), ("audio", 1), ("packets", 0)):
        ((message, mark),) = marks(connection, "cam")[noun]
        assert (mark.seq, mark.pts_us) == (seq, 300_000)
        assert b"nothing was written" in (header(message.headers(), REASON) or b"")
    assert [endings.look() for _ in range(3)] == [[], [], []]
    assert {noun: len(found) for noun, found in marks(connection, "cam").items()} == dict.fromkeys(
        ("frames", "audio", "packets"), 1
    )


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("at", ["audio", "packets"])
def test_one_that_is_killed_between_the_topics_is_gone_on_with_and_nothing_is_written_twice(
    connection: Connection, at: str
) -> None:
    class Killed(BaseException):
        pass

    def kill(noun: str) -> None:
        if noun == at:
            raise Killed

    write(connection, frame("cam", 0), audio("cam", 0))
    eventually(lambda: seen(connection, "cam", 1))
    first = Endings(connection, SOON, INGEST)
    first.look()
    time.sleep(0.3)  # idle by the log's clock, which no test can wind
    with pytest.raises(Killed):
        first.look(kill)
    second = Endings(connection, Config(idle_s=3600), INGEST)  # the half-done session does not wait for it
    eventually(lambda: second.look() or ended(connection, "cam"))
    eventually(lambda: ended(connection, "cam"))
    assert [len(found) for found in marks(connection, "cam").values()] == [1, 1, 1]


def hold(connection: Connection, serde: Serde, stream: str) -> tuple[Writer, Beat]:
    """An ingest of ours that has begun a session `s` and lives."""
    ledger = Ledger(connection, stream)
    ledger.claim()
    writer = Writer(connection, serde, {}, 20)
    standing = Standing(stream=stream, session="s", live=True, begin=ends_now(connection))
    return writer, Beat(ledger, standing, writer, INGEST.heartbeat_s)


@pytest.mark.usefixtures("worker")
def test_an_ingest_that_lives_is_left_alone_and_one_that_died_is_not(connection: Connection) -> None:
    with Serde(connection) as serde:
        writer, beat = hold(connection, serde, "cam")
        writer.write(frame("cam", 0))
        writer.flush(20)
        eventually(lambda: seen(connection, "cam", 1))
        endings = Endings(connection, SOON, INGEST)
        for _ in range(3):
            assert endings.look() == []
            time.sleep(0.2)
        with pytest.raises(IngestError, match="being ingested by another process"):
            eventually(lambda: _refused(connection), 30)
        writer.write(frame("cam", 1))  # it was not fenced
        writer.flush(20)
        beat.check()
        beat.abandon()  # as kill -9 leaves it
        eventually(endings.look)
    eventually(lambda: ended(connection, "cam"))
    assert [len(found) for found in marks(connection, "cam").values()] == [1, 1, 1]


def _refused(connection: Connection) -> bool:
    try:
        end_by_hand(connection, "cam", "", INGEST)
    except StillWritten:
        return False
    return True


@pytest.mark.usefixtures("worker")
def test_an_ingest_that_was_frozen_and_wakes_is_shut_out(connection: Connection) -> None:
    with Serde(connection) as serde:
        ledger = Ledger(connection, "cam")
        ledger.claim()
        standing = Standing(stream="cam", session="s", live=True, begin=ends_now(connection), held=True)
        ledger.write(standing)
        writer = Writer(connection, serde, {}, 20)
        writer.write(frame("cam", 0))
        writer.flush(20)
        eventually(lambda: seen(connection, "cam", 1))
        endings = Endings(connection, SOON, INGEST)
        eventually(endings.look)  # no beat came: it sleeps
        with pytest.raises(IngestError, match="taken over"):
            ledger.write(standing)
    eventually(lambda: ended(connection, "cam"))


@pytest.mark.usefixtures("worker")
def test_a_session_that_our_ingest_has_followed_is_ended_at_once(connection: Connection) -> None:
    write(connection, frame("cam", 0, "old"))
    write(connection, frame("cam", 0, "new"), ours=True)
    eventually(lambda: len(known(connection).sessions) == 2)
    endings = Endings(connection, Config(idle_s=3600, follow_s=0.2), INGEST)
    (done,) = eventually(endings.look)
    assert done == (("cam", "old"), "another session of this stream has begun, and nothing more came of this one")
    assert [endings.look() for _ in range(3)] == [[], [], []]


def test_by_hand_without_any_station_and_not_while_it_is_written(connection: Connection) -> None:
    assert end_by_hand(connection, "cam", "", INGEST) == []
    write(connection, frame("cam", 0), frame("cam", 1), replace(frame("other", 0)))
    with pytest.raises(StillWritten, match="stop its producer first"):
        end_by_hand(connection, "cam", "", INGEST)
    assert end_by_hand(connection, "cam", "another", INGEST) == []

    def quiet() -> list[Any]:
        try:
            return end_by_hand(connection, "cam", "", INGEST)
        except StillWritten:
            return []

    ((session, nouns),) = eventually(quiet)
    assert (session.session_id, nouns) == ("s", ("frames", "audio", "packets"))
    assert end_by_hand(connection, "cam", "", INGEST) == []
    assert [r.seq for _, r in records(connection, c.FRAMES) if r.end] == [2]

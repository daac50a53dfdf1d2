"""Sessions whose producer died for good are ended once, whatever is killed when; none that lives is."""

import os
import secrets
import subprocess
import sys
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
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
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


@pytest.fixture(scope="module")
def world(broker: str, registry_url: str) -> Iterator[Connection]:
    """A log with the real `streams` station on it; each test has a stream of its own there."""
    made = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=2)
    with Serde(made) as serde:
        serde.register()
    ensure_topics(made)
    code = (
        "import logging, sys; logging.basicConfig(level=20)\n"
        "from processors.place import Limits; from processors.worker import run_worker\n"
        "from processors.streams.core import Config, Streams\n"
        "from topics.connection import Connection; from topics.names import Names\n"
        "c = Connection(sys.argv[1], sys.argv[2], Names(sys.argv[3]), partitions=2)\n"
        "sys.exit(run_worker(['streams'], {'streams': Streams(Config())}, c, limits=Limits(snapshot_s=0.2)))\n"
    )
    words = [sys.executable, "-c", code, made.bootstrap, made.registry_url, made.names.prefix]
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL)
    yield made
    process.terminate()
    assert process.wait(30) == 0


def ends_of(endings: Endings, stream: str) -> list[str]:
    """Why a stream's sessions are ended by one look."""
    return [reason for (name, _), reason in endings.look() if name == stream]


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


def test_a_session_that_nobody_writes_any_more_is_ended_once_and_streams_says_why(world: Connection) -> None:
    write(world, *(frame("idle", n) for n in range(4)), audio("idle", 0))
    endings = Endings(world, SOON, INGEST)
    eventually(lambda: seen(world, "idle", 4))
    assert Endings(world, SOON, INGEST).look() == []  # the first look knows nobody to be idle
    assert eventually(lambda: ends_of(endings, "idle")) == ["nothing was written for 0 s"]
    said = eventually(lambda: ended(world, "idle"))
    told = [n.text for n in said if n.breach == "unended"]
    assert any("nothing was written for 0 s" in text for text in told), told
    assert next(n for n in said if n.kind == "ended").received[0].count == 4
    for noun, seq in (("frames", 4), ("audio", 1), ("packets", 0)):
        ((message, mark),) = marks(world, "idle")[noun]
        assert (mark.seq, mark.pts_us) == (seq, 300_000)
        assert b"nothing was written" in (header(message.headers(), REASON) or b"")
    assert [ends_of(endings, "idle") for _ in range(3)] == [[], [], []]
    assert {noun: len(found) for noun, found in marks(world, "idle").items()} == dict.fromkeys(
        ("frames", "audio", "packets"), 1
    )


@pytest.mark.parametrize("at", ["audio", "packets"])
def test_one_that_is_killed_between_the_topics_is_gone_on_with_and_nothing_is_written_twice(
    world: Connection, at: str
) -> None:
    class Killed(BaseException):
        pass

    def kill(noun: str) -> None:
        if noun == at:
            raise Killed

    cam = f"half-{at}"
    write(world, frame(cam, 0), audio(cam, 0))
    eventually(lambda: seen(world, cam, 1))
    first = Endings(world, SOON, INGEST)
    with pytest.raises(Killed):
        eventually(lambda: first.look(kill))
    second = Endings(world, Config(idle_s=3600), INGEST)  # the half-done session does not wait for it
    eventually(lambda: second.look() or ended(world, cam))
    eventually(lambda: ended(world, cam))
    assert [len(found) for found in marks(world, cam).values()] == [1, 1, 1]


def hold(connection: Connection, serde: Serde, stream: str) -> tuple[Writer, Beat]:
    """An ingest of ours that has begun a session `s` and lives."""
    ledger = Ledger(connection, stream)
    ledger.claim()
    writer = Writer(connection, serde, {}, 20)
    standing = Standing(stream=stream, session="s", live=True, begin=ends_now(connection))
    return writer, Beat(ledger, standing, writer, INGEST.heartbeat_s)


def test_an_ingest_that_lives_is_left_alone_and_one_that_died_is_not(world: Connection) -> None:
    with Serde(world) as serde:
        writer, beat = hold(world, serde, "alive")
        writer.write(frame("alive", 0))
        writer.flush(20)
        eventually(lambda: seen(world, "alive", 1))
        endings = Endings(world, SOON, INGEST)
        for _ in range(3):
            assert ends_of(endings, "alive") == []
        with pytest.raises(IngestError, match="being ingested by another process"):
            eventually(lambda: _refused(world, "alive"), 30)
        writer.write(frame("alive", 1))  # it was not fenced
        writer.flush(20)
        beat.check()
        beat.abandon()  # as kill -9 leaves it
        eventually(lambda: ends_of(endings, "alive"))
    eventually(lambda: ended(world, "alive"))
    assert [len(found) for found in marks(world, "alive").values()] == [1, 1, 1]


def _refused(connection: Connection, stream: str) -> bool:
    try:
        end_by_hand(connection, stream, "", INGEST)
    except StillWritten:
        return False
    return True


def test_an_ingest_that_was_frozen_and_wakes_is_shut_out(world: Connection) -> None:
    with Serde(world) as serde:
        ledger = Ledger(world, "frozen")
        ledger.claim()
        standing = Standing(stream="frozen", session="s", live=True, begin=ends_now(world), held=True)
        ledger.write(standing)
        writer = Writer(world, serde, {}, 20)
        writer.write(frame("frozen", 0))
        writer.flush(20)
        eventually(lambda: seen(world, "frozen", 1))
        endings = Endings(world, SOON, INGEST)
        eventually(lambda: ends_of(endings, "frozen"))  # no beat came: it sleeps
        with pytest.raises(IngestError, match="taken over"):
            ledger.write(standing)
    eventually(lambda: ended(world, "frozen"))


def test_a_session_that_our_ingest_has_followed_is_ended_at_once(world: Connection) -> None:
    write(world, frame("followed", 0, "old"))
    write(world, frame("followed", 0, "new"), ours=True)
    eventually(lambda: {("followed", "old"), ("followed", "new")} <= set(known(world).sessions))
    endings = Endings(world, Config(idle_s=3600, follow_s=0.2), INGEST)
    why = "another session of this stream has begun, and nothing more came of this one"
    assert eventually(lambda: ends_of(endings, "followed")) == [why]
    assert [ends_of(endings, "followed") for _ in range(3)] == [[], [], []]


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


def test_the_command_ends_a_stream_or_says_in_one_line_why_not(connection: Connection) -> None:
    where = {
        "FRAMELOG_KAFKA": connection.bootstrap,
        "FRAMELOG_REGISTRY": connection.registry_url,
        "FRAMELOG_PREFIX": connection.names.prefix,
        "FRAMELOG_PARTITIONS": str(connection.partitions),
    }

    def end(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "deploy.cli", "end", *words]
        return subprocess.run(line, cwd=ROOT, env=os.environ | where, capture_output=True, text=True, timeout=120)

    nobody = end("nobody")
    assert nobody.returncode == 1
    assert nobody.stderr.splitlines() == [
        "framelog: stream nobody has no open session: see `framelog streams`",
    ]
    write(connection, frame("cam", 0))
    alive = end("cam")  # it takes some time to start: on a slow machine the session is quiet by then
    assert alive.returncode == 0 or "stop its producer first" in alive.stderr
    done = (
        alive
        if alive.returncode == 0
        else eventually(lambda: next((got for got in [end("cam")] if got.returncode == 0), None))
    )
    assert done is not None
    assert "frames, audio, packets" in done.stdout
    assert end("cam", "--json").returncode == 1

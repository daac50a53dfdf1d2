"""Anybody may write streams; who breaks the contract is told so, and no other stream is touched by it."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from processors.build import build
from processors.envelope import REASON, STATION, header
from processors.offline import Offline
from processors.reading import Stored
from processors.shelf import Shelf
from schemas.codec import Undecodable
from schemas.records import Ref
from tests.fixtures_kafka import eventually
from tests.route.foreign import Foreign
from topics import catalog as c
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.partitioner import partition_of
from topics.read import read
from topics.registry import Serde
from topics.topic import Topic

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.network, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
PARTITIONS = 2
STATIONS = ("streams", "detections")
NO_RECORD, NO_SCHEMA = b"no record at all", b"\0\xff\xff\xff\xf0body"


def beside(name: str) -> str:
    """A stream's name that shares its partition with all others."""
    return next(n for n in (f"{name}-{at}" for at in count()) if partition_of(n.encode(), PARTITIONS) == 0)


GOOD, HOLES, REPEATS, BACK, WRITERS, JUNK, MUTE = (
    beside(name) for name in ("good", "holes", "repeats", "back", "writers", "junk", "mute")
)


def begin(foreign: Foreign) -> None:
    """What the bad streams that are whole do not have."""
    for stream in (HOLES, REPEATS, BACK, JUNK):
        foreign.only_frames(stream)
    for session in ("one", "two"):
        foreign.only_frames(WRITERS, session_id=session)


def go_on(foreign: Foreign, steps: range) -> None:
    """A good stream, a record at a time between those of every bad one."""
    for n in steps:
        foreign.frame(GOOD, n, n / 10)
        if n % 5 == 0:
            foreign.say("audio", GOOD, n // 5, n / 10, pcm=bytes(16_000))
        if n % 3 != 1:
            foreign.frame(HOLES, n, n / 10)
        foreign.frame(REPEATS, n, n / 10)
        if n % 4 == 2:
            foreign.frame(REPEATS, n - 2, (n - 2) / 10)
        foreign.frame(BACK, n, -1 if n == 7 else n / 10)
        foreign.frame(WRITERS, n, n / 10, session_id="one")
        foreign.frame(WRITERS, n, n / 10, session_id="two")
        if n == 5:
            foreign.raw("frames", JUNK, NO_RECORD)
        elif n == 8:
            foreign.raw("frames", JUNK, NO_SCHEMA)
        else:
            foreign.frame(JUNK, n, n / 10)
        foreign.frame(MUTE, n, n / 10)
    foreign.flush()


def finish(foreign: Foreign) -> None:
    """The ends."""
    foreign.end("audio", GOOD, 4, 2)
    foreign.end("packets", GOOD, 0)
    for stream in (GOOD, HOLES, REPEATS, BACK, JUNK):
        foreign.end("frames", stream, 20, 2)
    for session in ("one", "two"):
        foreign.end("frames", WRITERS, 20, 2, session_id=session)
    foreign.close()


@dataclass
class Lab:
    """What was written and what the stations said of it."""

    connection: Connection
    serde: Serde
    environment: dict[str, str]

    def worker(self, log: Path) -> "subprocess.Popen[bytes]":
        """A process that runs the stations."""
        words = [sys.executable, "-m", "deploy.cli", "work", *STATIONS, "--instance", "foreign"]
        with log.open("wb") as told:
            return subprocess.Popen(words, env=self.environment, cwd=ROOT, stderr=told)

    def messages(self, topic: str) -> list[Any]:
        return list(read(self.connection, [topic]))

    def records(self, topic: Topic[Any], stream: str) -> list[Any]:
        values = [
            m.value() for m in self.messages(self.connection.names.topic(topic)) if m.key() == stream.encode()
        ]
        found = [self.serde.decode(value, topic) for value in values]
        return [r for r in found if not isinstance(r, Undecodable)]

    def letters(self, station: str) -> dict[str, list[tuple[bytes, str]]]:
        """Bytes and reasons of a station's dead letters, by stream."""
        found: dict[str, list[tuple[bytes, str]]] = defaultdict(list)
        for m in self.messages(self.connection.names.dlq(c.FRAMES)):
            if header(m.headers(), STATION) == station.encode():
                found[m.key().decode()].append((m.value(), (header(m.headers(), REASON) or b"").decode()))
        return found

    def told(self, stream: str) -> dict[str, list[str]]:
        """Breaches announced on `streams`, by session."""
        found: dict[str, list[str]] = defaultdict(list)
        for notice in self.records(c.STREAMS, stream):
            if notice.kind == "breach":
                found[notice.session_id].append(notice.breach)
        return dict(found)

    def status(self) -> list[dict[str, Any]]:
        """What `framelog status` says."""
        done = subprocess.run(
            [sys.executable, "-m", "deploy.cli", "status", "--json"],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr[-3000:]
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def lab(broker: str, registry_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("foreign")
    connection = Connection(broker, registry_url, Names(f"t-foreign-{os.getpid()}"), partitions=PARTITIONS)
    environment = os.environ | {
        "FRAMELOG_KAFKA": broker,
        "FRAMELOG_REGISTRY": registry_url,
        "FRAMELOG_PREFIX": connection.names.prefix,
        "FRAMELOG_PARTITIONS": str(PARTITIONS),
        "FRAMELOG_PROFILE": "builtin",
        "FRAMELOG_DATA": str(folder),
        "FRAMELOG_STALL_S": "1",
    }
    with Serde(connection) as serde:
        serde.register()
        ensure_topics(connection)
        foreign = Foreign(broker, registry_url, connection.names.prefix)
        made = Lab(connection, serde, environment)
        begin(foreign)
        go_on(foreign, range(11))
        worker = made.worker(folder / "first.log")
        try:  # killed in the middle of all streams, with a snapshot behind it
            for station in STATIONS:
                eventually(lambda s=station: made.messages(connection.names.state(s)))  # type: ignore[misc]
            eventually(lambda: len(made.records(c.DETECTIONS, MUTE)) == 11)
        finally:
            worker.kill()
            worker.wait(30)
        go_on(foreign, range(11, 20))
        finish(foreign)
        worker = made.worker(folder / "second.log")
        try:
            for stream in (GOOD, HOLES, REPEATS, BACK, JUNK):
                for topic in (c.STREAMS, c.DETECTIONS):
                    eventually(lambda s=stream, t=topic: any(r.end for r in made.records(t, s)))  # type: ignore[misc]
            eventually(lambda: sum(r.end for r in made.records(c.STREAMS, WRITERS)) == 2)
            eventually(lambda: len(made.records(c.DETECTIONS, MUTE)) == 20)
            yield made
        finally:
            worker.terminate()
            assert worker.wait(30) == 0, (folder / "second.log").read_text()[-3000:]


def test_the_good_stream_is_what_it_is_without_the_others(lab: Lab) -> None:
    names = lab.connection.names
    cores = {name: build(name, {}, Shelf("builtin", None)) for name in STATIONS}
    route = Offline(cores, lab.serde.encode, lab.serde.decode, names)
    alone: dict[str, list[bytes]] = defaultdict(list)
    for topic in c.RAW:
        name = names.topic(topic)
        mine = [
            Stored(Ref(topic=name, partition=m.partition() or 0, offset=m.offset() or 0), m.key(), m.value())
            for m in lab.messages(name)
            if m.key() == GOOD.encode()
        ]
        for output in route.feed(topic, mine):
            alone[output.noun].append(output.stored.value or b"")
    for topic in (c.STREAMS, c.DETECTIONS):
        got = [m.value() for m in lab.messages(names.topic(topic)) if m.key() == GOOD.encode()]
        assert got == alone[topic.noun], topic.noun
        assert len(got) >= 3
    assert lab.told(GOOD) == {}
    assert not any(GOOD in lab.letters(station) for station in STATIONS)


@pytest.mark.parametrize(
    ("stream", "want"),
    [
        (HOLES, {"one": ["hole"]}),
        (REPEATS, {"one": ["repeat"]}),
        (BACK, {"one": ["back"]}),
        (WRITERS, {"one": ["writers"]}),
        (JUNK, {"one": ["hole"]}),
        (MUTE, {}),
    ],
)
def test_each_breach_is_told_on_streams_once(lab: Lab, stream: str, want: dict[str, list[str]]) -> None:
    assert lab.told(stream) == want


def test_all_breaches_are_counted_at_the_end(lab: Lab) -> None:
    counted = {}
    for stream in (HOLES, REPEATS, BACK, WRITERS, JUNK):
        for notice in lab.records(c.STREAMS, stream):
            if notice.kind == "ended" and notice.session_id == "one":
                counted[stream] = {t.label: t.count for t in notice.breaches}
    assert counted == {
        HOLES: {"frames.hole": 6},
        REPEATS: {"frames.repeat": 5},
        BACK: {"frames.back": 1},
        WRITERS: {"frames.writers": 19},
        JUNK: {"frames.hole": 2},
    }


@pytest.mark.parametrize("station", STATIONS)
def test_what_can_not_be_used_lies_in_the_dead_letters_as_it_came(lab: Lab, station: str) -> None:
    letters = lab.letters(station)
    assert set(letters) == {JUNK, BACK}
    assert [value for value, _ in letters[JUNK]] == [NO_RECORD, NO_SCHEMA]
    assert "first byte is 110, not 0" in letters[JUNK][0][1]
    assert "is not in the registry" in letters[JUNK][1][1]
    ((value, reason),) = letters[BACK]
    record = lab.serde.decode(value, c.FRAMES)
    assert not isinstance(record, Undecodable)
    assert (record.seq, record.pts_us) == (7, -1_000_000)
    assert reason == "time runs back from 600000 to -1000000 us"


def test_repeats_are_not_said_twice_and_rejected_records_keep_seq_dense(lab: Lab) -> None:
    repeats = [r.seq for r in lab.records(c.DETECTIONS, REPEATS)]
    assert repeats == list(range(21))
    back = lab.records(c.DETECTIONS, BACK)
    assert [r.seq for r in back] == list(range(21))
    assert [r.seq for r in back if r.status == "rejected"] == [7]
    for session in ("one", "two"):
        mine = [r.seq for r in lab.records(c.DETECTIONS, WRITERS) if r.session_id == session]
        assert mine == list(range(21))


def test_status_names_the_streams_that_break_the_contract_and_what_to_do(lab: Lab) -> None:
    def rows() -> dict[str, dict[str, Any]]:
        return {row["part"]: row for row in lab.status() if row["part"].startswith("stream ")}

    found = eventually(lambda: r if f"stream {MUTE}" in (r := rows()) else {})
    assert set(found) == {f"stream {s}" for s in (HOLES, REPEATS, BACK, WRITERS, JUNK, MUTE)}
    assert found[f"stream {HOLES}"]["state"] == "breach"
    assert "frames lack seq 1 (hole)" in found[f"stream {HOLES}"]["says"]
    assert "another session" in found[f"stream {WRITERS}"]["says"]
    mute = found[f"stream {MUTE}"]
    prefix = lab.connection.names.prefix
    assert mute["state"] == "waiting"
    assert f"write one end record on {prefix}.audio and on {prefix}.packets" in mute["says"]


def test_a_stream_that_says_what_it_has_not_goes_on(lab: Lab) -> None:
    assert lab.records(c.STREAMS, MUTE) == []
    foreign = Foreign(lab.connection.bootstrap, lab.connection.registry_url, lab.connection.names.prefix)
    foreign.only_frames(MUTE)
    foreign.end("frames", MUTE, 20, 2)
    foreign.close()
    eventually(lambda: any(r.end for r in lab.records(c.STREAMS, MUTE)))
    eventually(lambda: f"stream {MUTE}" not in {row["part"] for row in lab.status()})

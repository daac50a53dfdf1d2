"""Stations on a real broker, in processes that tests may kill, and what the offline shell makes of the same."""

import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from confluent_kafka import Producer

from connectors.verify import verify_log
from connectors.verify.kafka import KafkaLog
from processors.offline import Core, Offline, decode_local, encode_local
from processors.reading import Stored
from processors.tail import bounds, read_tails
from schemas.records import Record, Ref
from tests.fixtures_kafka import eventually
from tests.processors.toys import Boxes, Chain, audio, frame, packets
from topics import catalog as c
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.partitioner import partition_of
from topics.topic import Topic

ROOT = Path(__file__).parent.parent.parent
PARTITIONS = 2
BOTH = ("detections", "streams")
OUTPUTS: tuple[Topic[Record], ...] = (c.DETECTIONS, c.STREAMS)
Raw = tuple[Topic[Record], str, bytes]
# What `framelog verify` can hold two stations to: the others do not run here, and the producer is a bad one.
PROMISED = ("key", "time", "end", "id", "headers", "repeats")


@dataclass
class Lab:
    """A prefix of its own on the broker, the workers that were started there, and what was fed to it."""

    connection: Connection
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    raw: list[Raw] = field(default_factory=list)

    def start(self, stations: Sequence[str] = BOTH, **env: str) -> subprocess.Popen[bytes]:
        names = [self.connection.bootstrap, self.connection.names.prefix, str(PARTITIONS), *stations]
        command = [sys.executable, "-m", "tests.processors.toy_worker", *names]
        with self.log(len(self.workers)).open("wb") as log:
            worker = subprocess.Popen(
                command, cwd=self.folder, env={"PYTHONPATH": str(ROOT), **os.environ, **env}, stderr=log
            )
        self.workers.append(worker)
        return worker

    def log(self, number: int) -> Path:
        return self.folder / f"worker-{number}.log"

    def told(self, worker: subprocess.Popen[bytes]) -> str:
        """What a worker has written."""
        return self.log(self.workers.index(worker)).read_text()

    def feed(self, raw: Sequence[Raw]) -> None:
        producer = Producer(self.connection.producer(linger_ms=5))
        for topic, key, value in raw:
            producer.produce(self.connection.names.topic(topic), value, key=key)
            producer.poll(0)
        assert producer.flush(30) == 0
        self.raw += raw

    @contextmanager
    def load(self, raw: Sequence[Raw], per_s: float) -> Iterator[threading.Thread]:
        """Feeds at a rate while the body does its worst; all is fed when it is left."""

        def run() -> None:
            began_s, at = time.monotonic(), 0
            while at < len(raw):
                due = int((time.monotonic() - began_s) * per_s) + 1
                self.feed(raw[at:due])
                at = max(at, due)
                time.sleep(0.02)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield thread
        thread.join()

    def stop(self, worker: subprocess.Popen[bytes]) -> None:
        """Ends a worker as a supervisor does."""
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0, self.told(worker)[-2000:]

    def recovered(self, worker: subprocess.Popen[bytes]) -> bool:
        """Whether a worker has its partitions and its place in them, or is gone."""
        return worker.poll() is not None or "recovered" in self.told(worker)

    def count(self, topic: Topic[Record]) -> int:
        places = [(self.connection.names.topic(topic), p) for p in range(PARTITIONS)]
        return sum(end - low for low, end in bounds(self.connection, places).values())

    def messages(self, name: str) -> list[Any]:
        tails = read_tails(self.connection, {(name, p): None for p in range(PARTITIONS)})
        return [m for tail in tails.values() for m in tail.messages]

    def said(self, topic: Topic[Record]) -> dict[str, list[bytes]]:
        by_key = defaultdict(list)
        for m in self.messages(self.connection.names.topic(topic)):
            assert partition_of(m.key(), PARTITIONS) == m.partition()
            by_key[m.key().decode()].append(m.value())
        return dict(by_key)

    def offline(self, stations: Sequence[str] = BOTH) -> tuple[dict[str, dict[str, list[bytes]]], dict[str, int]]:
        """What the offline shell makes of the same messages, fed topic by topic."""
        cores: dict[str, Core] = {"detections": Boxes(), "streams": Chain()}
        route = Offline({s: cores[s] for s in stations}, names=self.connection.names)
        want: dict[str, dict[str, list[bytes]]] = {s: defaultdict(list) for s in stations}
        offsets: dict[tuple[str, int], int] = defaultdict(int)
        for topic, key, value in self.raw:
            place = self.connection.names.topic(topic), partition_of(key.encode(), PARTITIONS)
            ref = Ref(topic=place[0], partition=place[1], offset=offsets[place])
            offsets[place] += 1
            for output in route.feed(topic, [Stored(ref, key.encode(), value)]):
                want[output.noun][output.record.stream_id].append(output.stored.value or b"")
        return {noun: dict(streams) for noun, streams in want.items()}, dict(route.dead)

    def finished(self, want: Mapping[str, Mapping[str, Sequence[bytes]]], deadline_s: float = 90) -> None:
        for topic in OUTPUTS:
            if topic.noun in want:
                total = sum(map(len, want[topic.noun].values()))
                eventually(lambda t=topic, n=total: self.count(t) >= n, deadline_s)  # type: ignore[misc]

    def out(self) -> int:
        """Outputs so far."""
        return sum(map(self.count, OUTPUTS))

    def moved(self, by: int = 1) -> None:
        """Waits until the stations have said something more."""
        seen = self.out()
        eventually(lambda: self.out() >= seen + by)

    def repeats(self, want: Mapping[str, Mapping[str, Sequence[bytes]]]) -> int:
        """How many outputs came twice, given that what is left without them is as wanted."""
        repeated = 0
        for noun, streams in want.items():
            got = self.said(c.BY_NOUN[noun])
            for stream, values in streams.items():
                mine = got.get(stream, [])
                once = list(dict.fromkeys(mine))  # a repeat has the same bytes, and readers drop it
                assert once == values, f"{noun}/{stream}: {len(once)} of {len(values)}"
                repeated += len(mine) - len(once)
        return repeated

    def letters(self) -> list[Any]:
        """The dead letters of the pictures."""
        return self.messages(self.connection.names.dlq(c.FRAMES))

    def assert_equal(self, want: Mapping[str, Mapping[str, Sequence[bytes]]]) -> None:
        """Nothing lost, nothing doubled, nothing out of order, every byte the same."""
        for noun, streams in want.items():
            got = self.said(c.BY_NOUN[noun])
            for stream, values in streams.items():
                mine = got.get(stream, [])
                lost, doubled = len(set(values) - set(mine)), len(mine) - len(set(mine))
                assert (lost, doubled) == (0, 0), (
                    f"{noun}/{stream}: {lost} lost, {doubled} doubled of {len(values)}"
                )
                assert mine == values, f"{noun}/{stream}"
        self.verify()

    def verify(self) -> None:
        """Holds what was written to what is promised of every record, whoever wrote it."""
        report = verify_log(KafkaLog(self.connection), decode_local)
        wrong = {check: report.faulty[check] for check in PROMISED if report.faulty[check]}
        assert not wrong, str(report)


@pytest.fixture
def lab(broker: str, tmp_path: Path) -> Iterator[Lab]:
    made = Lab(Connection(broker, "", Names(f"t-{secrets.token_hex(4)}"), partitions=PARTITIONS), tmp_path)
    ensure_topics(made.connection)
    yield made
    for worker in made.workers:
        if worker.poll() is None:
            worker.kill()
        worker.wait(20)


def clip(stream: str, frames: int, bad: Sequence[int] = (), session: str = "s") -> list[Raw]:
    """A session of a stream on all three raw topics, in the order in which a camera would write it."""
    made: list[tuple[Topic[Record], Record]] = []
    for i in range(frames):
        made.append((c.FRAMES, frame(stream, i, session, image=b"bad" if i in bad else b"%d" % i)))
        if i % 5 == 0:
            made.append((c.AUDIO, audio(stream, i // 5, session)))
        if i % 10 == 0:
            made.append((c.PACKETS, packets(stream, i // 10, session)))
    made.append((c.FRAMES, frame(stream, frames, session, end=True, image=b"")))
    made.append((c.AUDIO, audio(stream, (frames + 4) // 5, session, end=True, pcm=b"")))
    made.append((c.PACKETS, packets(stream, (frames + 9) // 10, session, end=True)))
    return [(topic, stream, encode_local(record)) for topic, record in made]


def woven(rng: random.Random, *clips: Sequence[Raw]) -> list[Raw]:
    """Several streams at once, each in its own order."""
    queues, out = [list(reversed(clip)) for clip in clips], []
    while queues := [q for q in queues if q]:
        out.append(rng.choice(queues).pop())
    return out


def metric(port: int, name: str) -> float:
    """A value of a worker's metrics."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
        lines = page.read().decode().splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))

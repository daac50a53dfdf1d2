"""Stations on a real broker: the same bytes as offline, whatever is done to their processes."""

import asyncio
import gc
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from aiokafka.errors import ProducerFenced
from confluent_kafka import KafkaException, Producer

from deploy.embedded.kafka import KafkaNode, free_port
from processors.envelope import REASON, STATION, header, input_offset
from processors.offline import Core, Offline, encode_local
from processors.reading import Stored
from processors.session import Kept
from processors.snapshots import Cut, SnapshotWriter, snapshot_of
from processors.tail import bounds, read_tails
from processors.worker import run_worker
from schemas.records import Record, Ref
from tests.fixtures_kafka import eventually
from tests.processors.toys import Boxes, Chain, audio, frame, packets
from topics import catalog as c
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.partitioner import partition_of
from topics.topic import Topic

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.network]
ROOT = Path(__file__).parent.parent.parent
PARTITIONS = 2
BOTH = ("detections", "streams")
OUTPUTS: tuple[Topic[Record], ...] = (c.DETECTIONS, c.STREAMS)
Raw = tuple[Topic[Record], str, bytes]


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


KILLS = int(os.environ.get("FRAMELOG_KILLS", "6"))
JUNK = (c.FRAMES, "a", b"no record at all")


def test_the_same_bytes_as_offline_and_poison_in_the_dead_letters(lab: Lab) -> None:
    rng = random.Random(1)
    raw = woven(rng, clip("a", 60, bad=(7, 30)), clip("b", 40), clip("c", 50, bad=(0,)))
    back = (c.FRAMES, "a", encode_local(frame("a", 50, pts_us=3)))
    for at in (0, 100, 150):
        raw.insert(at, JUNK)
    raw.insert(raw.index((c.FRAMES, "a", encode_local(frame("a", 50)))), back)
    raw += [(c.FRAMES, "b", encode_local(frame("b", 999))), raw[20]]  # after the end, and a repeat
    lab.feed(raw)
    want, dead = lab.offline()
    port = free_port()
    worker = lab.start(TOY_METRICS_PORT=str(port))
    lab.finished(want)
    eventually(lambda: len(lab.messages(lab.connection.names.dlq(c.FRAMES))) >= sum(dead.values()) - 1)
    eventually(lambda: metric(port, 'framelog_station_snapshots_total{station="detections"}') >= 1)
    assert metric(port, 'framelog_station_records_out_total{station="streams"}') == lab.count(c.STREAMS)
    assert metric(port, 'framelog_station_trouble_total{kind="undecodable",station="detections"}') == 3
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert [p.name for p in lab.folder.iterdir()] == ["worker-0.log"], (
        "a worker leaves nothing where it is started"
    )
    lab.assert_equal(want)
    letters = lab.messages(lab.connection.names.dlq(c.FRAMES))
    by_station = {s: [m for m in letters if header(m.headers(), STATION) == s.encode()] for s in BOTH}
    assert len(by_station["detections"]) == dead["detections"] == 8
    assert len(by_station["streams"]) >= dead["streams"] - 1  # after the end of all, it is a repeat
    junk = [m for m in letters if m.value() == JUNK[2]]
    assert {m.key() for m in junk} == {b"a"}
    assert all(b"not 0" in (header(m.headers(), REASON) or b"") for m in junk)
    first = lab.messages(lab.connection.names.topic(c.DETECTIONS))[0]
    assert header(first.headers(), "ce_type") == b"framelog.detections"
    assert input_offset(first.headers()) is not None


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(lab: Lab) -> None:
    rng = random.Random(2)
    lab.feed(woven(rng, *(clip(s, 100 + 100 * KILLS, bad=(5, 55)) for s in "abcd")))
    want, dead = lab.offline()
    total = sum(map(len, want["streams"].values()))
    env = {"TOY_NAP_S": "0.0008", "TOY_INSTANCE": "one"}
    kills = 0
    worker = lab.start(**env)
    while kills < KILLS and lab.count(c.STREAMS) < total:
        seen = sum(map(lab.count, OUTPUTS))
        eventually(lambda n=seen: sum(map(lab.count, OUTPUTS)) > n)  # type: ignore[misc]
        time.sleep(rng.uniform(0.0, 0.9))  # the moment is what is drawn
        worker.kill()
        worker.wait(20)
        kills += 1
        worker = lab.start(**env)
    lab.finished(want)
    eventually(lambda: len(lab.messages(lab.connection.names.dlq(c.FRAMES))) >= sum(dead.values()))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    lab.assert_equal(want)
    letters = lab.messages(lab.connection.names.dlq(c.FRAMES))
    assert len(letters) == sum(dead.values()) == 16
    assert kills >= KILLS - 1, f"only {kills} kills hit it at work"
    print(f"{kills} kills, {len(lab.raw)} records in, {sum(map(lab.count, OUTPUTS))} out, 0 lost, 0 doubled")


def test_a_frozen_worker_ends_itself_and_another_has_taken_over(lab: Lab) -> None:
    rng = random.Random(3)
    lab.feed(woven(rng, *(clip(s, 900) for s in "abcd")))
    want, _ = lab.offline()
    frozen = lab.start(TOY_NAP_S="0.003")
    eventually(lambda: lab.count(c.STREAMS) > 50)
    other = lab.start(TOY_NAP_S="0.001")
    frozen.send_signal(signal.SIGSTOP)
    lab.finished(want)
    frozen.send_signal(signal.SIGCONT)
    assert frozen.wait(20) == 71
    assert "slept past" in lab.told(frozen)
    assert other.poll() is None
    lab.assert_equal(want)


def test_workers_that_join_and_leave_lose_and_double_nothing(lab: Lab) -> None:
    rng = random.Random(4)
    lab.feed(woven(rng, *(clip(s, 900) for s in "abcd")))
    want, _ = lab.offline()
    total = sum(map(len, want["streams"].values()))
    first, joins = lab.start(TOY_NAP_S="0.002"), 0
    while joins < 3 and lab.count(c.STREAMS) < total:
        seen = lab.count(c.STREAMS)
        eventually(lambda n=seen: n < lab.count(c.STREAMS))  # type: ignore[misc]
        second = lab.start(TOY_NAP_S="0.002")
        eventually(lambda w=second: "recovered" in lab.told(w))  # type: ignore[misc]
        time.sleep(rng.uniform(0.2, 1.0))  # the moment is what is drawn
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0
        joins += 1
    assert joins >= 2, "the work was done before anybody had joined"
    lab.finished(want)
    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 0
    lab.assert_equal(want)


def test_streams_that_wait_for_each_others_topics_do_not_stop_each_other(lab: Lab) -> None:
    """All frames of one lie before the other's, all audio the other way round: more than memory may hold."""
    ahead, behind = clip("a", 300), clip("c", 300)  # keys of one partition
    assert partition_of(b"a", PARTITIONS) == partition_of(b"c", PARTITIONS)
    both = {t: ([r for r in x if r[0] is t], [r for r in y if r[0] is t]) for t, x, y in (
        (c.FRAMES, ahead, behind), (c.AUDIO, behind, ahead), (c.PACKETS, ahead, behind))}  # fmt: skip
    lab.feed([r for first, second in both.values() for r in (*first, *second)])
    want, _ = lab.offline(("streams",))
    worker = lab.start(("streams",), TOY_BYTES="300", TOY_INSTANCE="one")
    eventually(lambda: lab.count(c.STREAMS) > 100)
    worker.kill()
    worker.wait(20)
    worker = lab.start(("streams",), TOY_BYTES="300", TOY_INSTANCE="one")
    lab.finished(want)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    lab.assert_equal(want)


def test_a_broker_that_is_killed_and_comes_back_costs_nothing(tmp_path: Path) -> None:
    rng = random.Random(5)
    node = KafkaNode(tmp_path / "kafka", quick=True)
    node.prepare()

    def up() -> subprocess.Popen[bytes]:
        with (tmp_path / "kafka.log").open("ab") as log:
            process = subprocess.Popen(node.command(), stdout=log, stderr=log)
        node.wait_ready(120)
        return process

    broker = up()
    lab = Lab(Connection(node.bootstrap, "", Names("t"), partitions=PARTITIONS), tmp_path)
    try:
        ensure_topics(lab.connection)
        lab.feed(woven(rng, *(clip(s, 400) for s in "abcd")))
        want, _ = lab.offline()
        total = sum(map(len, want["streams"].values()))
        worker = lab.start(TOY_NAP_S="0.003")
        eventually(lambda: lab.count(c.STREAMS) > 100)
        broker.kill()
        broker.wait(20)
        broker = up()

        def done() -> bool:
            if lab.workers[-1].poll() is not None:  # what a supervisor does
                lab.start(TOY_NAP_S="0.001")
            try:
                return lab.count(c.STREAMS) >= total and lab.count(c.DETECTIONS) >= 1604
            except KafkaException:  # leaders are not there at once
                return False

        eventually(done, 120)
        lab.assert_equal(want)
        assert worker.poll() in (None, 70)
    finally:
        for w in lab.workers:
            w.kill()
            w.wait(20)
        broker.terminate()
        broker.wait(60)


def test_a_record_that_crashes_a_core_is_named_and_what_was_said_before_it_stands(lab: Lab) -> None:
    lab.feed(clip("a", 20))
    bug = frame("a", 0, "t", image=b"bug")
    lab.feed(
        [
            (c.AUDIO, "a", encode_local(audio("a", 0, "t", end=True))),
            (c.PACKETS, "a", encode_local(packets("a", 0, "t", end=True))),
            (c.FRAMES, "a", encode_local(bug)),
        ]
    )
    worker = lab.start(("streams",), TOY_INSTANCE="one")
    assert worker.wait(60) == 70
    said = lab.told(worker)
    assert f"{lab.connection.names.topic(c.FRAMES)}/{partition_of(b'a', PARTITIONS)}@" in said
    assert "ZeroDivisionError" in said


def test_topics_with_other_partition_counts_are_refused_in_one_line(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    other = Connection(lab.connection.bootstrap, "", lab.connection.names, partitions=PARTITIONS + 1)
    assert run_worker(["detections"], {"detections": Boxes()}, other) == 2
    absent = Connection(lab.connection.bootstrap, "", Names("t-nowhere"), partitions=PARTITIONS)
    assert run_worker(["detections"], {"detections": Boxes()}, absent) == 2
    assert "partition counts" in caplog.messages[0]
    assert "no topics ['t-nowhere.detections'" in caplog.messages[1]


def test_a_late_snapshot_of_a_worker_that_was_taken_over_is_refused(lab: Lab) -> None:
    def cut(at: int) -> Cut:
        return Cut((at, 0, 0), at, (0, 0, 0))

    def kept(at: int) -> Kept:
        return Kept("a", "s", b"", at, 0, 0, (), ())

    async def story() -> None:
        old = SnapshotWriter(lab.connection, "streams", 0)
        await old.open()
        await old.write(cut(1), {("a", "s"): kept(1), ("b", "s"): kept(1)})
        new = SnapshotWriter(lab.connection, "streams", 0)
        await new.open()
        await new.write(cut(2), {("a", "s"): kept(2), ("b", "s"): None})
        with pytest.raises(ProducerFenced):
            await old.write(cut(1), {("a", "s"): kept(1)})
        await new.close()
        await old.close()
        del old, new
        gc.collect()  # what the client's futures complain of is said here, and not in the middle of another test

    asyncio.run(story())
    place = (lab.connection.names.state("streams"), 0)
    assert snapshot_of(read_tails(lab.connection, {place: None})[place]).cut == cut(2)
    assert snapshot_of(read_tails(lab.connection, {place: None})[place]).sessions == (kept(2),)

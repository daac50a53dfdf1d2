"""Stations on a real broker: the same bytes as offline. Kills and the like: tests/faults/test_workers.py."""

import asyncio
import gc
import random
import signal
import subprocess
from pathlib import Path

import pytest
from aiokafka.errors import ProducerFenced
from confluent_kafka import KafkaException

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.ports import free_port
from processors.envelope import REASON, STATION, header, input_offset
from processors.offline import encode_local
from processors.session import Kept
from processors.snapshots import Cut, SnapshotWriter, snapshot_of
from processors.tail import read_tails
from processors.worker import run_worker
from tests.fixtures_kafka import eventually
from tests.processors.lab import BOTH, PARTITIONS, Lab, clip, metric, woven
from tests.processors.toys import Boxes, audio, frame, packets
from topics import catalog as c
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.partitioner import partition_of

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.network]
JUNK = (c.FRAMES, "a", b"no record at all")


def test_the_same_bytes_as_offline_and_poison_in_the_dead_letters(lab: Lab) -> None:
    rng = random.Random(1)
    raw = woven(rng, clip("a", 60, bad=(7, 30)), clip("b", 40), clip("c", 50, bad=(0,)))
    back = (c.FRAMES, "a", encode_local(frame("a", 50, pts_us=3)))
    for at in (0, 100, 150):
        raw.insert(at, JUNK)
    raw.insert(raw.index((c.FRAMES, "a", encode_local(frame("a", 50)))), back)
    for topic in (c.FRAMES, c.AUDIO, c.PACKETS):  # written twice, as by a producer that was frozen
        at = next(i for i in range(90, len(raw)) if raw[i][0] is topic and raw[i][2] != JUNK[2])
        raw.insert(at + 1, raw[at])
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


def test_the_lag_is_told_and_falls_to_nothing(lab: Lab) -> None:
    lab.feed(clip("a", 400))
    port, topic, partition = free_port(), lab.connection.names.topic(c.FRAMES), partition_of(b"a", PARTITIONS)
    lab.start(("detections",), TOY_METRICS_PORT=str(port), TOY_NAP_S="0.03")
    eventually(lambda: lab.count(c.DETECTIONS) > 0)
    lag = f'framelog_station_lag_records{{partition="{partition}",station="detections",topic="{topic}"}}'
    eventually(lambda: 0 < metric(port, lag) <= 401)
    eventually(lambda: lab.count(c.DETECTIONS) == 401)
    eventually(lambda: metric(port, lag) == 0)


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

"""Stations whose input is bad or gone, or that can not start: they say so, lose nothing else, do not hammer."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.child import Child
from deploy.embedded.kafka import KafkaNode
from deploy.restarts import Policy
from deploy.state import read_state
from deploy.supervisor import Supervisor
from processors.envelope import OFFSET, header
from processors.offline import decode_local, encode_local
from processors.tail import bounds
from tests.fixtures_kafka import eventually
from tests.processors.lab import PARTITIONS, ROOT, Lab, Raw, clip
from tests.processors.toys import audio, frame, packets
from topics import catalog as c
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.lag import gauges
from topics.limit import POISONED
from topics.names import Names
from topics.partitioner import partition_of

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.network]
JUNK: Raw = (c.FRAMES, "a", b"no record at all")
HOME = partition_of(b"a", PARTITIONS)


def noted(lab: Lab, station: str) -> dict[str, object]:
    """What a station has noted beside its gauge in the partition of stream a."""
    name = lab.connection.names.topic(c.FRAMES)
    _, note = gauges(lab.connection, station, [name])[name, HOME]
    return dict(json.loads(note)) if note else {}


def test_nothing_but_poison_stops_the_station_and_each_start_gets_a_little_farther(lab: Lab) -> None:
    lab.feed([JUNK] * 300)
    letters = 0
    for _ in range(2):
        worker = lab.start(("detections",), TOY_INSTANCE="one")
        assert worker.wait(60) == POISONED
        last = lab.told(worker).splitlines()[-1]
        assert "50 bad records in a row" in last
        assert "nothing is lost" in last
        assert f"{lab.connection.names.topic(c.FRAMES)}/{HOME}@" in last
        offsets = [int(header(m.headers(), OFFSET) or -1) for m in lab.letters()]
        assert offsets == list(range(len(offsets))), "each once, none left out"
        assert letters + 50 <= len(offsets) < letters + 60
        letters = len(offsets)


def test_one_bad_stream_beside_a_good_one_stops_nobody_and_is_named(lab: Lab) -> None:
    bad = [r for r in clip("a", 20) if not decode_local(r[2], r[0]).end]  # type: ignore[union-attr]
    good = clip("c", 400)
    raw = [*bad, *good[:5]]
    for at in range(5, len(good)):
        raw += [good[at], JUNK, JUNK]
    lab.feed(raw)
    want, dead = lab.offline(("detections",))
    worker = lab.start(("detections",))
    lab.finished(want)
    eventually(lambda: len(lab.letters()) >= dead["detections"])
    eventually(lambda: noted(lab, "detections") == {"spoilt": ["a"]})
    lab.stop(worker)
    lab.assert_equal(want)


def test_what_was_deleted_unread_is_counted_and_what_it_leaves_open_is_ended(lab: Lab) -> None:
    whole = clip("a", 300)
    lab.feed(whole[:150])
    worker = lab.start()
    eventually(lambda: lab.count(c.STREAMS) > 50 and lab.count(c.DETECTIONS) > 50)
    lab.stop(worker)
    read_to = lab.count(c.DETECTIONS)
    lab.feed(whole[150:])
    name = lab.connection.names.topic(c.FRAMES)
    _, end = bounds(lab.connection, [(name, HOME)])[name, HOME]
    admin = AdminClient(lab.connection.confluent())
    for future in admin.delete_records([TopicPartition(name, HOME, end)]).values():
        future.result(30)
    later = clip("a", 30, session="t")
    lab.feed(later)
    worker = lab.start()

    def over(noun: str) -> bool:
        said = [decode_local(v, c.BY_NOUN[noun]) for v in lab.said(c.BY_NOUN[noun]).get("a", [])]
        return {r.session_id for r in said if getattr(r, "end", False)} == {"s", "t"}  # type: ignore[union-attr]

    eventually(lambda: over("detections") and over("streams"))
    eventually(lambda: noted(lab, "detections").get("lost") == end - read_to)
    lab.stop(worker)
    detections = [decode_local(v, c.DETECTIONS) for v in lab.said(c.DETECTIONS)["a"]]
    assert [r.seq for r in detections if r.session_id == "t"] == list(range(31))  # type: ignore[union-attr]
    assert "going on behind them" in lab.told(worker)


def test_offsets_that_never_held_a_record_are_left_behind(lab: Lab) -> None:
    """A foreign producer may write in transactions, whose marks take an offset each."""
    producer = Producer(lab.connection.producer(transactional_id=f"{lab.connection.names.prefix}.foreign"))
    producer.init_transactions(30)
    for topic, key, value in clip("a", 3):
        producer.begin_transaction()
        producer.produce(lab.connection.names.topic(topic), value, key=key)
        producer.commit_transaction(30)
    worker = lab.start(("streams",))

    def said() -> list[Any]:
        return [decode_local(v, c.STREAMS) for v in lab.said(c.STREAMS).get("a", [])]

    eventually(lambda: said() and said()[-1].end)
    lab.stop(worker)
    texts = [r.text for r in said()]
    assert [t.split()[1] for t in texts[:-2]] == ["Frame:0", "Audio:0", "Packets:0", "Frame:1", "Frame:2"]
    assert noted(lab, "streams") == {}


def test_a_station_that_keeps_crashing_is_started_less_and_less_and_its_record_is_named(
    lab: Lab, tmp_path: Path
) -> None:
    lab.feed(
        [
            (c.AUDIO, "a", encode_local(audio("a", 0, "t", end=True))),
            (c.PACKETS, "a", encode_local(packets("a", 0, "t", end=True))),
            (c.FRAMES, "a", encode_local(frame("a", 0, "t", image=b"fine"))),
            (c.FRAMES, "a", encode_local(frame("a", 1, "t", image=b"bug"))),
        ]
    )
    names = [lab.connection.bootstrap, lab.connection.names.prefix, str(PARTITIONS), "streams"]
    words = (sys.executable, "-m", "tests.processors.toy_worker", *names)
    env = {"PYTHONPATH": str(ROOT), "TOY_INSTANCE": "one"}
    said: list[str] = []
    supervisor = Supervisor(
        tmp_path,
        [Child("sound", words, env)],
        policy=Policy(first_s=0.2, failing_after=3, jitter=0),
        say=said.append,
    )

    def failing() -> bool:
        return bool(said) and read_state(tmp_path / "run").parts["sound"].state == "failing"

    async def story() -> None:
        running = asyncio.create_task(supervisor.run())
        await asyncio.to_thread(eventually, failing, 100)
        supervisor.stop()
        await running

    asyncio.run(asyncio.wait_for(story(), 120))
    assert [line.rpartition("again in ")[2] for line in said[:3]] == ["0.2 s", "0.4 s", "0.8 s"]
    error = read_state(tmp_path / "run").parts["sound"].last_error
    assert f"at the record {lab.connection.names.topic(c.FRAMES)}/{HOME}@1" in error, error
    assert "ZeroDivisionError" in error


def test_a_worker_that_does_not_get_into_its_group_in_time_ends(tmp_path: Path) -> None:
    node = KafkaNode(tmp_path / "kafka", quick=True)
    node.prepare()
    with (tmp_path / "kafka.log").open("ab") as log:
        broker = subprocess.Popen(node.command(), stdout=log, stderr=log)
    try:
        node.wait_ready(120)
        lab = Lab(Connection(node.bootstrap, "", Names("t"), partitions=PARTITIONS), tmp_path)
        ensure_topics(lab.connection)
        worker = lab.start(TOY_FREEZE=str(broker.pid))
        assert worker.wait(90) == 70
        assert "not in its group, or not recovered" in lab.told(worker) or "recovering" in lab.told(worker)
    finally:
        broker.kill()
        broker.wait(20)

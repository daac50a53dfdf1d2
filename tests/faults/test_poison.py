"""Poison among the raw records, real stations and a real sink: each becomes a dead letter, the rest goes on as if
it were not there, and what was repaired comes out as in a clean run.
"""

import json
import os
import random
import secrets
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from typer.testing import CliRunner

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import StoreAddress, connect, drop
from connectors.clickhouse.sink import clickhouse_sink
from connectors.letters.case import Case, Wanted
from connectors.letters.desk import cases_of
from connectors.sink import SinkConfig
from connectors.verify import verify
from deploy.cli import app
from processors.build import build
from processors.offline import Offline
from processors.reading import Stored
from processors.shelf import Shelf
from schemas.codec import HEADER, schema_text
from schemas.records import Fused, Record, Ref
from tests.fixtures_kafka import eventually
from tests.route.test_shells_agree import scene
from topics import catalog as c
from topics.broker import prepare_log
from topics.connection import Connection
from topics.names import Names
from topics.partitioner import partition_of
from topics.read import read
from topics.registry import Serde
from topics.route import STATIONS
from topics.topic import Topic

pytestmark = [
    pytest.mark.slow, pytest.mark.kafka, pytest.mark.store, pytest.mark.network, pytest.mark.timeout(600),
]  # fmt: skip
SEED = int(os.environ.get("FRAMELOG_SEED", "20261121"))
PARTITIONS = 2
NOT_A_TIME_US = -(1 << 63)  # what NaN becomes as an integer
NO_JPEG, HUGE, LATE_TIME, NO_TIME = 20, 30, 40, 5
QUICK = SinkConfig(max_rows=500, linger_s=0.2, session_ms=6000)
Key = tuple[str, str]
# noun, stream


def fifty_megapixels() -> bytes:
    """A real JPEG of 10,000 by 5,000 pixels, all black: a third of a megabyte."""
    return bytes(simplejpeg.encode_jpeg(np.zeros((5000, 10_000, 1), np.uint8), 50, "GRAY", "Gray"))


@dataclass
class Lab:
    """A log with poison in it, and what the same log without it would have been."""

    connection: Connection
    address: StoreAddress
    env: dict[str, str]
    folder: Path
    serde: Serde
    good: dict[tuple[Topic[Record], Ref], Record] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    poison: dict[str, bytes] = field(default_factory=dict)
    odd_schema: str = ""

    def command(self, *words: str, code: int = 0) -> list[dict[str, Any]]:
        """A command of ours with --json; its rows."""
        clear: dict[str, str | None] = dict.fromkeys(k for k in os.environ if k.startswith("FRAMELOG_"))
        done = CliRunner().invoke(app, [*words, "--json"], env=clear | self.env)
        assert done.exit_code == code, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    def cases(self, **wanted: Any) -> dict[str, Case]:
        return {str(case.origin): case for case in cases_of(self.connection, Wanted(**wanted))}

    def derived(self) -> dict[tuple[str, str, str], list[tuple[int, bytes]]]:
        """seq and bytes by noun, stream and session."""
        topics = {self.connection.names.topic(c.BY_NOUN[s]): c.BY_NOUN[s] for s in STATIONS}
        return self.said(topics)

    def said(self, topics: dict[str, Topic[Record]]) -> dict[tuple[str, str, str], list[tuple[int, bytes]]]:
        found = defaultdict(list)
        for m in read(self.connection, list(topics)):
            record: Any = self.serde.decode(m.value(), topics[m.topic() or ""])
            place = topics[m.topic() or ""].noun, record.stream_id, record.session_id
            found[place].append((record.seq, m.value() or b""))
        return found

    def ended(self, sessions: int) -> bool:
        """Whether so many sessions have ended on every station's topic."""
        topics = {self.connection.names.topic(c.BY_NOUN[s]): c.BY_NOUN[s] for s in STATIONS}
        ends: dict[str | None, int] = defaultdict(int)
        for m in read(self.connection, list(topics)):
            record: Any = self.serde.decode(m.value(), topics[m.topic() or ""])
            ends[m.topic()] += record.end
        return all(ends[name] >= sessions for name in topics)

    def clean(self, records: dict[tuple[Topic[Record], Ref], Record]) -> dict[Key, list[tuple[int, bytes]]]:
        """What the offline shell says of records that lie at these places."""
        shelf = Shelf("builtin", None)
        route = Offline({s: build(s, {}, shelf) for s in STATIONS}, self.serde.encode, self.serde.decode,
                        self.connection.names)  # fmt: skip
        found = defaultdict(list)
        for (topic, ref), record in records.items():
            message = Stored(ref, record.stream_id.encode(), self.serde.encode(record))
            for said in route.feed(topic, [message]):
                found[said.noun, said.record.stream_id].append((said.record.seq, said.stored.value or b""))
        return found


@pytest.fixture(scope="module")
def lab(broker: str, registry_url: str, store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Streams door (clean), yard (four bad records in it) and late (one record by a schema that is not known yet),
    and 1 % of messages that are nothing.
    """
    connection = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=PARTITIONS)
    prepare_log(connection)
    databases, folder = Databases(f"t_{secrets.token_hex(6)}"), tmp_path_factory.mktemp("poison")
    env = {
        "FRAMELOG_KAFKA": broker, "FRAMELOG_REGISTRY": registry_url, "FRAMELOG_CLICKHOUSE": store_url,
        "FRAMELOG_CLICKHOUSE_DATABASE": databases.views, "FRAMELOG_PREFIX": connection.names.prefix,
        "FRAMELOG_PARTITIONS": str(PARTITIONS), "FRAMELOG_PROFILE": "builtin", "OMP_NUM_THREADS": "1",
        "FRAMELOG_DATA": str(folder / "data"),
    }  # fmt: skip
    address = StoreAddress(store_url, databases=databases)
    with Serde(connection) as serde:
        made = Lab(connection, address, env, folder, serde)
        write(made, random.Random(SEED))
        sink = clickhouse_sink(connection, address, QUICK)
        thread = threading.Thread(target=sink.run)
        thread.start()
        words = [connection.bootstrap, connection.registry_url, connection.names.prefix, str(PARTITIONS)]
        worker = subprocess.Popen([sys.executable, "-m", "tests.route.test_shells_agree", *words])
        try:
            eventually(lambda: made.ended(3), 240)
            yield made
        finally:
            worker.terminate()
            worker.wait(60)
            sink.close()
            thread.join(60)
    with connect(address) as client:
        drop(client, databases)


def write(lab: Lab, rng: random.Random) -> None:
    """Puts everything into the log, and notes what is good of it and where."""
    serde, names = lab.serde, lab.connection.names
    lab.odd_schema = schema_text("frames").replace(
        '"fields":[', '"fields":[{"name":"lens","type":"string","default":""},'
    )
    newest = max(serde.schema_id(t.noun) for t in c.CATALOG)
    client = SchemaRegistryClient({"url": lab.connection.registry_url})
    while serde.schema_by_id(newest + 1) is not None:
        newest += 1
    unknown = newest + 1
    client.close()
    fused = serde.encode(Fused(stream_id="x", session_id="x", seq=0, pts_us=0))
    junk: list[Callable[[bytes], bytes]] = [
        lambda _: rng.randbytes(rng.randrange(1, 200)),
        lambda good: HEADER.pack(0, unknown + 1000) + good[5:],
        lambda _: fused,
        lambda good: good[: len(good) // 2],
    ]
    producer = Producer(lab.connection.producer())
    offsets: dict[tuple[str, int], int] = defaultdict(int)

    def put(topic: Topic[Record], key: str, value: bytes) -> Ref:
        name, home = names.topic(topic), partition_of(key.encode(), PARTITIONS)
        producer.produce(name, value, key.encode(), partition=home)
        offsets[name, home] += 1
        return Ref(topic=name, partition=home, offset=offsets[name, home] - 1)

    streams = [scene(s) for s in ("door", "yard", "late")]
    queue = [entry for group in zip(*streams, strict=True) for entry in group]
    for number, (topic, record) in enumerate(queue):
        value, name = serde.encode(record), ""
        if record.stream_id == "yard" and not record.end:
            value, name = spoiled(serde, topic, record, value)
        elif record.stream_id == "late" and topic is c.FRAMES and record.seq == 7:
            # Written by a schema that has one field more, which the registry hears of later.
            value, name = HEADER.pack(0, unknown) + b"\0" + value[5:], "late"
        ref = put(topic, record.stream_id, value)
        lab.good[topic, ref] = record
        if name:
            lab.places[name] = f"{ref.topic}/{ref.partition}@{ref.offset}"
            lab.poison[lab.places[name]] = value
        if rng.random() < 0.01 or number in (50, 150):
            bad = junk[number % len(junk)](value)
            ref = put(topic, f"junk-{number}", bad)
            lab.poison[f"{ref.topic}/{ref.partition}@{ref.offset}"] = bad
    assert producer.flush(60) == 0
    lab.places["unknown"] = str(unknown)


def spoiled(serde: Serde, topic: Topic[Record], record: Any, value: bytes) -> tuple[bytes, str]:
    """A record of the yard as it is written, and what is wrong with it."""
    if topic is c.FRAMES:
        changes: dict[int, tuple[str, dict[str, Any]]] = {
            NO_JPEG: ("no JPEG", {"image": b"\xff\xd8 this is no picture"}),
            HUGE: ("huge", {"image": fifty_megapixels(), "width_px": 10_000, "height_px": 5_000}),
            LATE_TIME: ("late time", {"pts_us": (1 << 63) - 1}),
        }
        if record.seq in changes:
            name, fields = changes[record.seq]
            return serde.encode(replace(record, **fields)), name
    if topic is c.AUDIO and record.seq == NO_TIME:
        return serde.encode(replace(record, pts_us=NOT_A_TIME_US)), "no time"
    return value, ""


def test_each_is_in_the_dead_letters_with_its_bytes_and_a_reason(lab: Lab) -> None:
    found = lab.cases()
    print(f"seed {SEED}: {len(lab.poison)} bad messages")
    assert set(found) == set(lab.poison)
    assert all(case.reasons and all(case.reasons) for case in found.values())
    say = {name: "; ".join(found[place].reasons) for name, place in lab.places.items() if place in found}
    assert "not a whole JPEG" in say["no JPEG"]
    assert "10000x5000 is larger than 40 megapixels" in say["huge"]
    assert "no stream's" in say["late time"]
    assert "no stream's" in say["no time"] or "runs back" in say["no time"]
    assert "not in the registry" in say["late"]
    assert {"detections", "faces"} <= set(found[lab.places["no JPEG"]].letters)
    assert {"streams", "detections", "faces", "clickhouse"} == set(found[lab.places["late"]].letters)


def test_everything_else_is_as_without_it(lab: Lab) -> None:
    got = lab.derived()
    want = lab.clean({place: r for place, r in lab.good.items() if r.stream_id in ("door", "yard")})
    for noun in STATIONS:
        writes = c.BY_NOUN[noun].noun
        assert got[writes, "door", "s"] == want[writes, "door"], writes
    for noun in ("detections", "faces"):
        other = {
            seq for (seq, a), (_, b) in zip(got[noun, "yard", "s"], want[noun, "yard"], strict=True) if a != b
        }
        assert other == {NO_JPEG, HUGE, LATE_TIME}, noun
    assert got["utterances", "yard", "s"]


def test_nothing_is_wrong_with_the_log_and_its_rows(lab: Lab) -> None:
    report = verify(lab.connection, lab.address, wait_s=60, wait_for=("clickhouse", "streams", "detections"))
    assert report.ok, str(report)
    assert report.told["poison"] == len(lab.poison) - 2  # pictures that are none are records all the same
    assert report.counted["letters"] >= 2 * len(lab.poison)


def test_they_are_listed_and_shown(lab: Lab) -> None:
    rows = lab.command("dlq", "list")
    assert {row["place"]: row["state"] for row in rows} == dict.fromkeys(lab.poison, "open")
    assert [r["place"] for r in lab.command("dlq", "list", "--reason", "megapixels")] == [lab.places["huge"]]
    assert {r["stream"] for r in lab.command("dlq", "list", "--topic", "audio", "--stream", "yard")} == {"yard"}
    (shown,) = lab.command("dlq", "show", lab.places["late"], "--out", str(lab.folder / "late.bin"))
    assert (lab.folder / "late.bin").read_bytes() == lab.poison[lab.places["late"]]
    assert "not in the registry" in shown["undecodable"]
    assert shown["hex"]
    (shown,) = lab.command("dlq", "show", lab.places["no JPEG"])
    assert shown["record"]["seq"] == NO_JPEG
    assert "detections" in shown["against it"]


def test_what_was_repaired_by_hand_comes_out_as_in_a_clean_run(lab: Lab) -> None:
    names = ("no JPEG", "huge", "late time", "no time")
    places = [lab.places[n] for n in names]
    good = {f"{ref.topic}/{ref.partition}@{ref.offset}": r for (_, ref), r in lab.good.items()}
    files = [lab.folder / f"{at}.repaired" for at in range(len(names))]
    for path, place in zip(files, places, strict=True):
        record: Any = good[place]
        path.write_bytes(record.image if path == files[0] else lab.serde.encode(record))
    words = [w for path in files for w in ("--with", str(path))]
    assert {r["result"] for r in lab.command("dlq", "replay", *places, *words, "--dry-run")} == {
        "would be session written again"
    }
    rows = lab.command("dlq", "replay", *places, *words)
    (how,) = {row["result"] for row in rows}
    session = how.removeprefix("is session ")
    eventually(lambda: all((c.BY_NOUN[s].noun, "yard", session) in lab.derived() for s in STATIONS), 120)
    eventually(lambda: lab.ended(4), 120)
    copies, topics = dict[tuple[Topic[Record], Ref], Record](), {lab.connection.names.topic(t): t for t in c.RAW}
    for m in read(lab.connection, list(topics)):
        record = lab.serde.decode(m.value(), topics[m.topic() or ""])
        if getattr(record, "session_id", "") == session:
            ref = Ref(topic=m.topic() or "", partition=m.partition() or 0, offset=m.offset() or 0)
            copies[topics[ref.topic], ref] = record
    clean = [replace(r, session_id=session) for r in lab.good.values() if r.stream_id == "yard"]
    assert len(copies) == len(clean)
    assert all(record in clean for record in copies.values())
    want, got = lab.clean(copies), lab.derived()
    for station in STATIONS:
        assert got[station, "yard", session] == want[station, "yard"], station
    lab.command("dlq", "replay", *places, *words)
    assert len(list(read(lab.connection, list(topics)))) == len(lab.good) + len(lab.poison) - 5 + len(copies)
    assert not {r["place"] for r in lab.command("dlq", "list")} & set(places)
    assert {r["state"] for r in lab.command("dlq", "list", "--all", "--stream", "yard")} == {f"session {session}"}


def test_a_repair_that_is_none_is_one_clear_line(lab: Lab) -> None:
    bad = lab.folder / "bad"
    bad.write_bytes(b"still nothing")
    lab.command("dlq", "replay", lab.places["no JPEG"], "--with", str(bad), code=1)
    lab.command("dlq", "replay", "framelog.nowhere/0@1", code=1)
    lab.command("dlq", "replay", "nonsense", code=2)
    lab.command("dlq", "replay", code=2)
    lab.command("dlq", "show", f"{lab.connection.names.topic(c.FRAMES)}/0@999999", code=1)


def test_what_was_our_fault_goes_back_as_a_row_and_as_a_run(lab: Lab) -> None:
    """The registry learns the schema: the sink's letter becomes a row, the stations' a run like a clean one."""
    rows = lab.command("dlq", "replay", "--stream", "late", code=1)
    assert "repair it" in rows[0]["result"]
    client = SchemaRegistryClient({"url": lab.connection.registry_url})
    subject = f"{lab.connection.names.prefix}.frames-value"
    assert str(client.register_schema(subject, Schema(lab.odd_schema, "AVRO"))) == lab.places["unknown"]
    client.close()
    rows = lab.command("dlq", "replay", "--stream", "late")
    how = {row["reader"]: row["result"] for row in rows}
    assert set(how) == {"clickhouse", "streams", "detections", "faces"}
    assert how["clickhouse"] == "is row in frames"
    run = how["detections"].removeprefix("is run ")
    with connect(lab.address) as store:
        count = f"SELECT count() FROM {lab.address.databases.views}.frames WHERE stream_id = 'late' AND seq = 7"
        assert store.command(count) == 1
    names = Names(lab.connection.names.prefix, run)
    got = lab.said({names.topic(c.BY_NOUN[s]): c.BY_NOUN[s] for s in STATIONS})
    want = lab.clean({place: r for place, r in lab.good.items() if r.stream_id == "late"})
    for station in STATIONS:
        assert got[station, "late", "s"] == want[station, "late"], station
    assert not lab.command("dlq", "list", "--stream", "late")
    report = verify(lab.connection, lab.address, run=run, stream="late")
    assert report.ok, str(report)
    assert report.counted["rows"] == sum(map(len, want.values()))

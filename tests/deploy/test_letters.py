"""Dead letters about what a station said: the stations that could not use it go over the session again."""

import json
import os
import secrets
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from connectors.letters.case import Case, Letter, Spot
from deploy.letters import first_of, remedy
from processors.build import build
from processors.offline import Offline
from processors.reading import Stored
from processors.shelf import Shelf
from schemas.codec import HEADER, schema_text
from schemas.records import Ref
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

ROOT = Path(__file__).parents[2]
LATE, ODD, JUNK = ("emotions", "fused", "events", "highlights"), 7, 11


def case(*readers: str) -> Case:
    at = Spot("framelog.tracks", 0, 3)
    return Case(at, {r: Letter(at, at, r, "no schema", "hall", 0) for r in readers})


@pytest.mark.parametrize(
    ("readers", "first"),
    [((), None), (("clickhouse",), None), (("fused", "emotions", "clickhouse"), "emotions"),
     (("events",), "events"), (("emotions", "clips"), None), (("detections", "sounds"), None)],
)  # fmt: skip
def test_a_session_is_gone_over_from_the_first_station_that_leads_to_all_others(
    readers: tuple[str, ...], first: str | None
) -> None:
    assert first_of(case(*readers)) == first


def test_what_to_do_about_bytes_that_are_no_record() -> None:
    assert "--with FILE" in remedy(case("detections"), c.FRAMES)
    assert "framelog replay --stream hall --run NAME --from-station tracks" in remedy(case("fused"), c.TRACKS)
    assert remedy(case("clickhouse"), c.CLIPS) == "nothing computes it again"


@dataclass
class Hall:
    """A stream whose tracks hold one record by a schema that nobody knows yet, and one that is nothing."""

    connection: Connection
    env: dict[str, str]
    unknown: int = 0
    places: list[str] = field(default_factory=list)
    want: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def command(self, *words: str, code: int = 0) -> list[dict[str, Any]]:
        """What a command of ours says, a row a line."""
        done = subprocess.run(
            [sys.executable, "-m", "deploy.cli", *words, "--json"], cwd=ROOT, env=os.environ | self.env,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def said(self, run: str = "live") -> dict[str, list[bytes]]:
        """Bytes by noun of the late stations."""
        nouns = {Names(self.connection.names.prefix, run).topic(c.BY_NOUN[s]): s for s in LATE}
        found: dict[str, list[bytes]] = defaultdict(list)
        for m in read(self.connection, list(nouns)):
            found[nouns[m.topic() or ""]].append(m.value() or b"")
        return found


def told(hall: Hall) -> None:
    """Writes the raw records, and what the early stations say of them, as the offline shell has it."""
    serde_of = Serde(hall.connection)
    producer, offsets = Producer(hall.connection.producer()), dict[str, int]()
    names, home = hall.connection.names, partition_of(b"hall", hall.connection.partitions)

    def put(topic: Any, value: bytes) -> Ref:
        name = names.topic(topic)
        producer.produce(name, value, b"hall", partition=home)
        offsets[name] = offsets.get(name, -1) + 1
        return Ref(topic=name, partition=home, offset=offsets[name])

    with serde_of as serde:
        newest = max(serde.schema_id(t.noun) for t in c.CATALOG)
        while serde.schema_by_id(newest + 1) is not None:
            newest += 1
        hall.unknown = newest + 1
        shelf = Shelf("builtin", None)
        route = Offline({s: build(s, {}, shelf) for s in STATIONS}, serde.encode, serde.decode, names)
        for topic, record in scene("hall"):
            value = serde.encode(record)
            for said in route.feed(topic, [Stored(put(topic, value), b"hall", value)]):
                good = said.stored.value or b""
                if said.noun in LATE:
                    hall.want[said.noun].append(good)
                    continue
                if said.noun == "tracks" and said.record.seq == ODD:
                    place = put(c.TRACKS, HEADER.pack(0, hall.unknown) + b"\0" + good[HEADER.size :])
                    hall.places.append(f"{place.topic}/{place.partition}@{place.offset}")
                    continue
                put(c.BY_NOUN[said.noun], good)
        place = put(c.TRACKS, b"this is no record")
        hall.places.append(f"{place.topic}/{place.partition}@{place.offset}")
    assert producer.flush(60) == 0


@pytest.fixture(scope="module")
def hall(broker: str, registry_url: str, store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Hall:
    connection = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=2)
    env = {
        "FRAMELOG_KAFKA": broker, "FRAMELOG_REGISTRY": registry_url, "FRAMELOG_CLICKHOUSE": store_url,
        "FRAMELOG_CLICKHOUSE_DATABASE": f"t_{secrets.token_hex(6)}",
        "FRAMELOG_PREFIX": connection.names.prefix, "FRAMELOG_PARTITIONS": "2", "FRAMELOG_PROFILE": "builtin",
        "FRAMELOG_DATA": str(tmp_path_factory.mktemp("letters")), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    prepare_log(connection)
    made = Hall(connection, env)
    told(made)
    command = [sys.executable, "-m", "deploy.cli", "work", *LATE]
    worker = subprocess.Popen(command, cwd=ROOT, env=os.environ | env, stderr=subprocess.PIPE)
    try:
        # Every late station comes to the session's end, and both readers of tracks have written two letters.
        eventually(lambda: all(len(made.said()[s]) >= len(made.want[s]) - 1 for s in LATE), 120)
        eventually(lambda: len(list(read(connection, [connection.names.dlq(c.TRACKS)]))) >= 4, 120)
    finally:
        worker.terminate()
        worker.communicate(timeout=60)
    return made


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.store
@pytest.mark.network
def test_what_a_station_said_and_another_could_not_use_is_gone_over_again(hall: Hall) -> None:
    odd, junk = hall.places
    rows = hall.command("dlq", "replay", odd, junk, code=1)
    assert all("--from-station tracks" in row["result"] for row in rows)
    hall.command("dlq", "replay", odd, "--with", __file__, code=1)
    client = SchemaRegistryClient({"url": hall.connection.registry_url})
    text = schema_text("tracks").replace(
        '"fields":[', '"fields":[{"name":"lens","type":"string","default":""},', 1
    )
    subject = f"{hall.connection.names.prefix}.tracks-value"
    assert client.register_schema(subject, Schema(text, "AVRO")) == hall.unknown
    client.close()
    rows = hall.command("dlq", "replay", odd)
    assert {row["reader"] for row in rows} == {"emotions", "fused"}
    (run,) = {row["result"].removeprefix("is run ") for row in rows}
    assert hall.said(run) == hall.want
    assert hall.said() != hall.want
    assert [row["place"] for row in hall.command("dlq", "list")] == [junk]

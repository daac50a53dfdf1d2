"""A log with two streams that the stations have gone through, to replay from: made once for all that do."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import StoreAddress
from tests.fixtures_kafka import eventually
from tests.route.test_shells_agree import scene
from topics import catalog as c
from topics.broker import prepare_log
from topics.connection import Connection
from topics.names import Names
from topics.read import bounds, read
from topics.registry import Serde
from topics.route import STATIONS

ROOT = Path(__file__).parents[2]
PARTITIONS = 2


@dataclass(frozen=True, slots=True)
class Lab:
    """A log with two streams that live has gone through, and a store."""

    connection: Connection
    env: dict[str, str]
    store: StoreAddress

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """A command of ours."""
        command = [sys.executable, "-m", "deploy.cli", *words]
        return subprocess.Popen(
            command, cwd=ROOT, env=os.environ | self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *words: str, code: int = 0) -> str:
        """What a command says."""
        process = self.start(*words)
        said, complained = process.communicate(timeout=300)
        assert process.returncode == code, said + complained
        return said if code == 0 else complained

    def replay(self, name: str, *words: str) -> dict[str, Any]:
        """A replay of the stream `door`, as its record tells of it."""
        said = self.run("replay", "--stream", "door", "--run", name, "--json", *words)
        found: dict[str, Any] = json.loads(said.splitlines()[-1])
        return found

    def ends(self, run: str = "live") -> dict[tuple[str, int], int]:
        """Ends of the derived topics of a run."""
        names = [Names(self.connection.names.prefix, run).topic(c.BY_NOUN[s]) for s in STATIONS]
        return {place: end for place, (_, end) in bounds(self.connection, names).items()}


def lab_of(broker: str, registry_url: str, store_url: str, data: Path, streams: Sequence[str]) -> Lab:
    """A log of its own with a session on each of the streams, which nobody has read yet."""
    connection = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=PARTITIONS)
    database = f"t_{secrets.token_hex(6)}"
    env = {
        "FRAMELOG_KAFKA": broker, "FRAMELOG_REGISTRY": registry_url, "FRAMELOG_CLICKHOUSE": store_url,
        "FRAMELOG_CLICKHOUSE_DATABASE": database, "FRAMELOG_PREFIX": connection.names.prefix,
        "FRAMELOG_PARTITIONS": str(PARTITIONS), "FRAMELOG_PROFILE": "builtin", "OMP_NUM_THREADS": "1",
        "FRAMELOG_DATA": str(data),
    }  # fmt: skip
    prepare_log(connection)
    producer = Producer(connection.producer())
    with Serde(connection) as serde:
        for stream in streams:
            for topic, record in scene(stream):
                producer.produce(connection.names.topic(topic), serde.encode(record), key=stream.encode())
    assert producer.flush(30) == 0
    return Lab(connection, env, StoreAddress(store_url, databases=Databases(database)))


@pytest.fixture(scope="session")
def replay_lab(broker: str, registry_url: str, store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    made = lab_of(broker, registry_url, store_url, tmp_path_factory.mktemp("replay"), ("door", "yard"))
    live = made.start("work", *STATIONS)
    try:
        # Every station ends both sessions; one says nothing behind its ends.
        want = 2 * len(STATIONS)
        eventually(lambda: ended(made.connection) == want, 180)
    finally:
        live.terminate()
        live.communicate(timeout=60)
    return made


def ended(connection: Connection) -> int:
    """How many of live's sessions have ended on all topics together."""
    with Serde(connection) as serde:
        topics = {connection.names.topic(c.BY_NOUN[s]): c.BY_NOUN[s] for s in STATIONS}
        records = (serde.decode(m.value(), topics[m.topic() or ""]) for m in read(connection, list(topics)))
        return sum(bool(getattr(r, "end", False)) for r in records)

"""A whole platform of a test's own: `framelog up` on a folder, asked and fed by the commands that users have."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from deploy.state import State, read_state
from processors.build import build
from processors.offline import Offline
from processors.reading import Stored
from processors.shelf import Shelf
from schemas.codec import Undecodable
from schemas.records import Ref
from tests.fixtures_kafka import eventually
from topics.catalog import BY_NOUN, RAW
from topics.connection import Connection
from topics.names import Names
from topics.read import read
from topics.registry import Serde
from topics.route import STATIONS

ROOT = Path(__file__).parents[2]
SLOW_S = 240.0


@dataclass
class Platform:
    """`framelog up` in a process of its own; `words` go before its command line (faketime)."""

    data: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    fed: "list[subprocess.Popen[str]]" = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FRAMELOG_")}
        mine = {"FRAMELOG_DATA": str(self.data), "FRAMELOG_PROFILE": "builtin", "FRAMELOG_PORT": "0",
                "FRAMELOG_PARTITIONS": "2"}  # fmt: skip
        return kept | mine | dict(self.settings)

    def command(self, *words: str) -> list[str]:
        return [*self.words, sys.executable, "-m", "deploy.cli", *words]

    def __enter__(self) -> "Platform":
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data.parent / f"{self.data.name}.up.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command("up"), env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )
        eventually(lambda: self.state.ready, SLOW_S)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process is not None
        for fed in self.fed:
            if fed.poll() is None:
                fed.kill()
            fed.communicate()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)

    @property
    def state(self) -> State:
        return read_state(self.data / "run")

    @property
    def told(self) -> str:
        """What the supervisor said."""
        return (self.data.parent / f"{self.data.name}.up.log").read_text()

    @property
    def connection(self) -> Connection:
        where = json.loads((self.data / "run/endpoints.json").read_text())
        return Connection(where["kafka"], where["registry"], Names(), partitions=2)

    def run(self, *words: str, within_s: float = SLOW_S) -> "subprocess.CompletedProcess[str]":
        """A command to its end; no traceback is allowed."""
        done = subprocess.run(
            self.command(*words), env=self.environment, cwd=ROOT, capture_output=True, text=True,
            timeout=within_s, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr[-3000:]
        return done

    def status(self) -> dict[str, dict[str, Any]]:
        """What `framelog status` says of each part."""
        lines = self.run("status", "--json").stdout.splitlines()
        return {row["part"]: row for row in map(json.loads, lines)}

    def ingest(self, source: str, stream: str, *words: str) -> "subprocess.Popen[str]":
        """`framelog ingest` beside it."""
        fed = subprocess.Popen(
            self.command("ingest", source, "--stream", stream, *words), env=self.environment, cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.fed.append(fed)
        return fed

    def verified(self, *words: str) -> dict[str, Any]:
        """What `framelog verify` finds when all is level; AssertionError with what is broken if anything is."""
        done = self.run("verify", "--wait", "180", "--json", *words)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def rss_bytes(pid: int) -> int:
    """Resident bytes of a process; 0 once it has gone."""
    try:
        said = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in said.splitlines() if line.startswith("VmRSS:")), 0)


def messages(connection: Connection, noun: str) -> list[Any]:
    """A topic's messages."""
    return list(read(connection, [connection.names.topic(BY_NOUN[noun])]))


def records(connection: Connection, noun: str) -> list[Any]:
    """Every record of a topic; AssertionError for bytes that are none."""
    with Serde(connection) as serde:
        found = [serde.decode(m.value(), BY_NOUN[noun]) for m in messages(connection, noun)]
    assert not [r for r in found if isinstance(r, Undecodable)]
    return found


def written(connection: Connection) -> dict[str, list[bytes]]:
    """What the stations wrote: noun to values, in the order of each partition, one partition after another."""
    return {noun: [m.value() for m in sorted(messages(connection, noun), key=lambda m: m.partition())]
            for noun in STATIONS}  # fmt: skip


def computed(connection: Connection, configs: Mapping[str, Any] = MappingProxyType({})) -> dict[str, list[bytes]]:
    """What the stations have to say of the raw log, by the offline shell: the oracle, stream after stream."""
    raw = {t: messages(connection, t.noun) for t in RAW}
    said: dict[str, list[bytes]] = {noun: [] for noun in STATIONS}
    with Serde(connection) as serde:
        for partition in range(connection.partitions):
            cores = {name: build(name, configs, Shelf("builtin", None)) for name in STATIONS}
            route = Offline(cores, serde.encode, serde.decode, connection.names)
            for topic in RAW:
                mine = [
                    Stored(Ref(topic=m.topic(), partition=partition, offset=m.offset()), m.key(), m.value())
                    for m in raw[topic]
                    if m.partition() == partition
                ]
                for output in route.feed(topic, mine):
                    said[output.noun].append(output.stored.value or b"")
    return said


def assert_as_computed(
    connection: Connection, configs: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, int]:
    """Every derived topic holds what the offline shell computes of the raw log, each record once; counts."""
    wanted = computed(connection, configs)
    ends = sum(r.end for r in records(connection, "frames"))
    for noun in STATIONS:
        eventually(lambda n=noun: sum(r.end for r in records(connection, n)) >= ends, SLOW_S)  # type: ignore[misc]
    found = written(connection)
    for noun in STATIONS:
        assert found[noun] == wanted[noun], f"{noun}: {len(found[noun])} written, {len(wanted[noun])} computed"
    return {noun: len(values) for noun, values in found.items()}

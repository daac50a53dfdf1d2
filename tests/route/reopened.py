"""The log and the store of the played clip, opened again from a copy of its data folder."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.registry import app
from processors.reading import Stored
from schemas.codec import Undecodable
from schemas.records import Record, Ref
from tests.fixtures_store import StoreProcess
from tests.route.played import Played
from tests.serving import serving
from topics.catalog import BY_NOUN, CATALOG
from topics.connection import Connection
from topics.read import read
from topics.registry import Serde


@dataclass
class Log:
    """What the platform left in Kafka, read as often as asked but fetched once."""

    connection: Connection
    serde: Serde
    _messages: dict[str, list[Stored]] = field(default_factory=dict)

    def messages(self, noun: str) -> list[Stored]:
        """All messages of a noun's topic, in order within each partition."""
        if noun not in self._messages:
            topic = self.connection.names.topic(BY_NOUN[noun])
            self._messages[noun] = [
                Stored(Ref(topic=topic, partition=m.partition() or 0, offset=m.offset() or 0), m.key(), m.value())
                for m in read(self.connection, [topic])
            ]
        return self._messages[noun]

    def records(self, noun: str) -> list[Any]:
        """The same, decoded; AssertionError for bytes that are no record of the noun."""
        found: list[Record] = []
        for message in self.messages(noun):
            record = self.serde.decode(message.value, BY_NOUN[noun])
            assert not isinstance(record, Undecodable), (noun, message.ref, record)
            found.append(record)
        return found

    @cached_property
    def places(self) -> dict[Ref, str]:
        """Every raw message's place, and its noun."""
        return {m.ref: t.noun for t in CATALOG if t.kind == "raw" for m in self.messages(t.noun)}


@contextmanager
def reopen(data: Path, folder: Path) -> Iterator[Log]:
    """Broker and registry of a data folder, copied to `folder` and started by themselves: no station, no sink."""
    for part in ("kafka", "registry"):
        shutil.copytree(data / part, folder / part)
    node = KafkaNode(folder / "kafka", quick=True)
    node.prepare()
    with (folder / "kafka.log").open("wb") as log:
        process = subprocess.Popen(node.command(), stdout=log, stderr=log)
    try:
        with serving(app(folder / "registry/schemas.db"), ws="none") as registry_url:
            node.wait_ready(120, lambda: process.poll() is None)
            connection = Connection(node.bootstrap, registry_url)
            with Serde(connection) as serde:
                yield Log(connection, serde)
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def reopened(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """The log of the played clip."""
    with reopen(played.data, tmp_path_factory.mktemp("reopened")) as log:
        yield log


@contextmanager
def reopen_store(data: Path, folder: Path) -> Iterator[str]:
    """URL of a ClickHouse on a copy of a data folder's store."""
    shutil.copytree(data / "store", folder / "data", symlinks=True)
    store = StoreProcess(folder / "data").start()
    try:
        yield store.url
    finally:
        store.stop()


@pytest.fixture(scope="session")
def reopened_store(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a ClickHouse that holds the rows of the played clip."""
    with reopen_store(played.data, tmp_path_factory.mktemp("reopened-store")) as url:
        yield url

"""One real broker and one registry for the whole run; a prefix of its own for every test that asks."""

import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.registry import app
from tests.serving import serving
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.registry import Serde

T = TypeVar("T")


def eventually(look: Callable[[], T], deadline_s: float = 60) -> T:
    """What `look` gives as soon as it is true; AssertionError with its last answer after the deadline."""
    until = time.monotonic() + deadline_s
    while not (found := look()):
        assert time.monotonic() < until, f"not within {deadline_s} s: {found!r}"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real Kafka node; FRAMELOG_TEST_KAFKA names one that runs already."""
    if given := os.environ.get("FRAMELOG_TEST_KAFKA"):
        yield given
        return
    folder: Path = tmp_path_factory.mktemp("kafka")
    node = KafkaNode(folder / "kafka", quick=True)
    node.prepare()
    node.archive_classes()
    with (folder / "kafka.log").open("wb") as log:
        process = subprocess.Popen(node.command(), stdout=log, stderr=log)
    try:
        node.wait_ready(120)
        yield node.bootstrap
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def registry_url() -> Iterator[str]:
    """Address of an embedded registry that forgets at the end."""
    with serving(app(":memory:"), ws="none") as url:
        yield url


@pytest.fixture
def connection(broker: str, registry_url: str) -> Connection:
    """Names of the test's own on the shared broker, topics made, schemas registered."""
    made = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=2)
    with Serde(made) as serde:
        serde.register()
    ensure_topics(made)
    return made

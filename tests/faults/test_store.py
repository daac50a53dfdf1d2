"""The store away, slow, failing and breaking off in the middle, before a sink that goes on: rows as without."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import StoreAddress, digests, drop
from connectors.clickhouse.sink import clickhouse_sink
from tests.connectors.clickhouse.filled import NOUNS, QUICK, count, expected, produce, running
from tests.connectors.clickhouse.test_sink import CHILD
from tests.faults.proxy import Answer, CutAnswer, CutAsk, Fault, Proxy, Refuse, Slow, Stall
from tests.fixtures_kafka import eventually
from topics.connection import Connection

pytestmark = [pytest.mark.kafka, pytest.mark.store, pytest.mark.network]
FULL = os.environ.get("FRAMELOG_FAULTS") == "full"
INSERT = b"insert_deduplication_token"  # in the first line of a sink's insert, and of nothing else
FAULTS: dict[str, Fault] = {
    "away": Refuse(),
    "stalled": Stall(),
    "slow": Slow(1.0, INSERT),
    "500": Answer(500, only=INSERT),
    "503 to all": Answer(503),
    "answer cut off after the insert": CutAnswer(20, INSERT),
    "answer never begun after the insert": CutAnswer(0, INSERT),
    "insert cut off": CutAsk(2000, INSERT),
}


@pytest.fixture
def databases(store: Any, database: str) -> Iterator[Databases]:
    names = Databases(database)
    yield names
    drop(store, names)
    drop(store, Databases(f"{database}_hand"))


@pytest.fixture
def proxy(store_url: str) -> Iterator[Proxy]:
    parts = urlsplit(store_url)
    with Proxy(parts.hostname or "", parts.port or 0) as made:
        yield made


def whole(store: Any, connection: Connection, databases: Databases, total: int) -> None:
    """Every record is a row, once, and as one made by hand."""
    for noun in NOUNS:
        eventually(lambda noun=noun: count(store, databases, noun) >= total, 120)  # type: ignore[misc]
    raw = {noun: count(store, databases, noun) for noun in NOUNS}
    assert raw == dict.fromkeys(NOUNS, total), "doubled before any merge"
    by_hand = expected(store, connection, range(total), Databases(f"{databases.views}_hand"))
    assert digests(store, "live", databases, NOUNS) == by_hand


def test_no_fault_of_the_store_loses_or_doubles_a_row(
    store: Any, connection: Connection, databases: Databases, proxy: Proxy
) -> None:
    total = 0
    with running(clickhouse_sink(connection, StoreAddress(proxy.url, databases=databases), QUICK)):
        for name, fault in FAULTS.items():
            proxy.fault = fault
            struck = proxy.did[type(fault)]
            produce(connection, range(total, total + 60))
            total += 60
            if not isinstance(fault, Refuse | Stall):  # those strike without being asked
                eventually(lambda fault=fault, n=struck: proxy.did[type(fault)] > n, 60)  # type: ignore[misc]
            proxy.fault = None
            eventually(lambda n=total: count(store, databases, "fused") >= n, 120)  # type: ignore[misc]
            assert count(store, databases, "fused") == total, name
        whole(store, connection, databases, total)


def rss_kb(pid: int) -> int:
    """Memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "seconds"), [(Refuse(), 60 if FULL else 10), (Slow(2.0, INSERT), 30 if FULL else 10)]
)
def test_a_store_that_is_away_or_slow_for_long_costs_no_memory(
    store: Any,
    connection: Connection,
    databases: Databases,
    proxy: Proxy,
    tmp_path: Path,
    fault: Fault,
    seconds: int,
) -> None:
    with (tmp_path / "sink.log").open("wb") as log:
        arguments = [
            connection.bootstrap, connection.registry_url, connection.names.prefix, proxy.url, databases.views,
        ]  # fmt: skip
        sink = subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stdout=log, stderr=log)
    try:
        produce(connection, range(600))
        eventually(lambda: count(store, databases, "fused") == 600)
        before_kb = rss_kb(sink.pid)
        proxy.fault = fault
        until_s, total, most_kb, pace = time.monotonic() + seconds, 600, 0, threading.Event()
        while time.monotonic() < until_s:
            produce(connection, range(total, total + 600))
            total += 600
            most_kb = max(most_kb, rss_kb(sink.pid))
            pace.wait(0.5)  # a steady load: as fast as can be would be a bench of the log
        proxy.fault = None
        whole(store, connection, databases, total)
        print(f"{total * len(NOUNS)} records, {before_kb} KB before, {most_kb} KB at most")
        assert most_kb < before_kb + (150 << 10)
    finally:
        os.kill(sink.pid, signal.SIGTERM)
        assert sink.wait(60) == 0

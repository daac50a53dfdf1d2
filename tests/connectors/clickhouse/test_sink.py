"""The sink against a real broker and a real store."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
from confluent_kafka import Producer

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import StoreAddress, digests, drop
from connectors.clickhouse.sink import clickhouse_sink
from connectors.deadletters import BadLimit
from connectors.sink import SinkConfig
from tests.connectors.clickhouse.filled import NOUNS, QUICK, announced, count, expected, produce, running
from tests.fixtures_kafka import eventually
from tests.fixtures_store import StoreProcess
from topics import catalog
from topics.connection import Connection
from topics.lag import committed, lag_of
from topics.limit import TooManyBad
from topics.read import read

CHILD = """
import json, signal, sys, logging
from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import StoreAddress
from connectors.clickhouse.sink import clickhouse_sink
from connectors.sink import SinkConfig
from topics.connection import Connection
from topics.names import Names
logging.basicConfig(level=logging.INFO)
bootstrap, registry, prefix, url, database = sys.argv[1:]
config = SinkConfig(max_rows=200, linger_s=0.2, retry_s=(0.05, 0.3), session_ms=6000)
connection = Connection(bootstrap, registry, Names(prefix), partitions=2)
sink = clickhouse_sink(connection, StoreAddress(url, databases=Databases(database)), config)
signal.signal(signal.SIGTERM, lambda *_: sink.close())
sink.run()
"""


@pytest.fixture
def databases(store: Any, database: str) -> Iterator[Databases]:
    names = Databases(database)
    yield names
    drop(store, names)


pytestmark = [pytest.mark.kafka, pytest.mark.store, pytest.mark.network]


def test_every_record_becomes_its_row_once(
    store: Any, store_url: str, connection: Connection, databases: Databases
) -> None:
    counts = produce(connection, range(700))
    with running(clickhouse_sink(connection, StoreAddress(store_url, databases=databases), QUICK)):
        for noun in NOUNS:
            eventually(lambda noun=noun: count(store, databases, noun) >= counts[noun])  # type: ignore[misc]
        produce(connection, range(700, 800))
        eventually(lambda: count(store, databases, "fused") >= 800)
        eventually(
            lambda: count(store, databases, "frames") >= 800 and count(store, databases, "highlights") >= 800
        )
    by_hand = Databases(f"{databases.views}_hand")
    try:
        assert digests(store, "live", databases, NOUNS) == expected(store, connection, range(800), by_hand)
    finally:
        drop(store, by_hand)
    assert {noun: count(store, databases, noun) for noun in NOUNS} == dict.fromkeys(NOUNS, 800)


def test_a_sink_at_rest_says_that_it_is_level(
    store_url: str, connection: Connection, databases: Databases
) -> None:
    """Whoever waits for it, or asks what is behind, believes what its group has committed."""
    topics = [connection.names.topic(catalog.BY_NOUN[noun]) for noun in NOUNS]
    with running(clickhouse_sink(connection, StoreAddress(store_url, databases=databases), QUICK)):
        for seeds in (range(50), range(50, 60)):
            produce(connection, seeds)
            eventually(lambda: not any(lag_of(connection, committed(connection, "clickhouse", topics)).values()))


def test_a_second_sink_finds_nothing_left_to_do(
    store: Any, store_url: str, connection: Connection, databases: Databases
) -> None:
    produce(connection, range(60))
    address = StoreAddress(store_url, databases=databases)
    with running(clickhouse_sink(connection, address, QUICK)):
        eventually(lambda: count(store, databases, "fused") == 60)
        eventually(lambda: count(store, databases, "frames") == 60 and count(store, databases, "highlights") == 60)
    store.command(f"TRUNCATE TABLE {databases.log}.fused")
    with running(clickhouse_sink(connection, address, QUICK)):
        produce(connection, range(60, 63))
        eventually(lambda: count(store, databases, "fused") == 3)


def test_what_is_no_record_goes_to_the_dead_letters_and_the_rest_goes_on(
    store: Any, store_url: str, connection: Connection, databases: Databases
) -> None:
    topic = connection.names.topic(catalog.FUSED)
    producer = Producer(connection.producer())
    produce(connection, range(30), streams=1)
    producer.produce(topic, b"\xffnot avro", b"s0", headers=[("mine", b"kept")])
    producer.flush(30)
    produce(connection, range(30, 60), streams=1)
    with running(clickhouse_sink(connection, StoreAddress(store_url, databases=databases), QUICK)):
        eventually(lambda: count(store, databases, "fused") == 60)
    (dead,) = read(connection, [connection.names.dlq(catalog.FUSED)])
    assert (dead.key(), dead.value()) == (b"s0", b"\xffnot avro")
    headers: dict[str, Any] = dict(dead.headers() or [])
    assert headers["mine"] == b"kept"
    assert headers["__connect.errors.topic"] == topic.encode()
    assert b"first byte" in headers["framelog.reason"]


def test_one_that_is_no_record_among_many_costs_the_others_nothing(
    store: Any, store_url: str, connection: Connection, databases: Databases
) -> None:
    """Of many messages a block is made at once, but for those that have to be judged one by one."""
    producer = Producer(connection.producer())
    produce(connection, range(150), streams=1, nouns=["fused"])
    producer.produce(connection.names.topic(catalog.FUSED), b"\0\0\0\0\1no", b"s0")
    producer.flush(30)
    produce(connection, range(150, 600), streams=1, nouns=["fused"])
    with running(clickhouse_sink(connection, StoreAddress(store_url, databases=databases), QUICK)):
        eventually(lambda: count(store, databases, "fused") == 600)
    (dead,) = read(connection, [connection.names.dlq(catalog.FUSED)])
    assert dead.value() == b"\0\0\0\0\1no"
    kept = store.query(f"SELECT min(seq), max(seq), uniqExact(seq) FROM {databases.log}.fused").first_row
    assert kept == (0, 599, 600)


def test_too_many_bad_records_stop_the_sink_and_lose_nothing(
    store: Any, store_url: str, connection: Connection, databases: Databases
) -> None:
    producer = Producer(connection.producer())
    for _ in range(60):
        producer.produce(connection.names.topic(catalog.FUSED), b"nonsense", b"s")
    producer.flush(30)
    sink = clickhouse_sink(connection, StoreAddress(store_url, databases=databases), QUICK)
    with pytest.raises(TooManyBad, match="50 bad records in a row"):
        sink.run()


def test_a_few_bad_records_do_not_stop_and_a_fifth_does() -> None:
    limit = BadLimit()
    for n in range(2000):
        limit.count(bad=n % 10 == 0)

    def a_quarter() -> None:
        for n in range(200):
            limit.count(bad=n % 4 == 0)

    with pytest.raises(TooManyBad, match="of the last 200"):
        a_quarter()


def test_a_store_that_is_down_is_waited_for(tmp_path: Path, connection: Connection) -> None:
    process = StoreProcess(tmp_path / "data")
    produce(connection, range(40))
    databases = Databases("waited")
    with running(clickhouse_sink(connection, StoreAddress(process.url, databases=databases), QUICK)):
        time.sleep(1)  # nothing listens there yet: this is the outage
        process.start()
        client = clickhouse_connect.get_client(dsn=process.url)
        eventually(lambda: count(client, databases, "fused") == 40)
        process.stop(signal.SIGKILL)
        produce(connection, range(40, 80))
        process.start()
        eventually(lambda: count(client, databases, "fused") == 80 and count(client, databases, "frames") == 80)
    process.stop()


def test_a_sink_that_ends_while_the_store_is_away_leaves_its_rows_to_the_next(
    tmp_path: Path, connection: Connection
) -> None:
    process, databases = StoreProcess(tmp_path / "data"), Databases("left")
    produce(connection, range(40))
    with running(clickhouse_sink(connection, StoreAddress(process.url, databases=databases), QUICK)):
        eventually(lambda: announced(connection))
    process.start()
    with running(clickhouse_sink(connection, StoreAddress(process.url, databases=databases), QUICK)):
        client = clickhouse_connect.get_client(dsn=process.url)
        for noun in NOUNS:
            eventually(lambda noun=noun: count(client, databases, noun) == 40)  # type: ignore[misc]
    process.stop()


def test_what_waits_is_bounded_while_the_store_is_away(tmp_path: Path, connection: Connection) -> None:
    process, databases = StoreProcess(tmp_path / "data"), Databases("bounded")
    config = SinkConfig(max_rows=50, linger_s=0.2, held_rows=100, poll=20, retry_s=(0.05, 0.3), session_ms=6000)
    sink = clickhouse_sink(connection, StoreAddress(process.url, databases=databases), config)
    with running(sink):
        produce(connection, range(500))
        eventually(lambda: sink.waiting >= 100)
        assert sink.waiting < 100 + config.poll
        process.start()
        client = clickhouse_connect.get_client(dsn=process.url)
        for noun in NOUNS:
            eventually(lambda noun=noun: count(client, databases, noun) == 500)  # type: ignore[misc]
    process.stop()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_kills_of_sink_and_store_lose_and_double_nothing(
    tmp_path: Path, connection: Connection, store: Any, databases: Databases, seed: int
) -> None:
    rng = random.Random(seed)
    process = StoreProcess(tmp_path / "data").start()
    killed = Databases("killed")

    def start() -> subprocess.Popen[bytes]:
        arguments = [connection.bootstrap, connection.registry_url, connection.names.prefix, process.url, "killed"]
        with (tmp_path / "sink.log").open("ab") as log:
            return subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stdout=log, stderr=log)

    total, sinks, kills = 3_000, [start(), start()], 0
    producing = threading.Thread(target=pace, args=(connection, total))
    producing.start()
    while producing.is_alive() or kills < 6:
        time.sleep(rng.uniform(1, 5))  # a fault comes at a time of its own
        if rng.random() < 0.25:
            process.stop(signal.SIGKILL)
            process.start()
        else:
            victim = rng.randrange(2)
            os.kill(sinks[victim].pid, signal.SIGKILL)
            sinks[victim].wait()
            sinks[victim] = start()
        kills += 1
    producing.join()
    client = clickhouse_connect.get_client(dsn=process.url)
    for noun in NOUNS:
        eventually(lambda noun=noun: count(client, killed, noun) >= total, 120)  # type: ignore[misc]
    for sink in sinks:
        eventually(lambda pid=sink.pid: listens(pid, signal.SIGTERM))  # type: ignore[misc]
        sink.terminate()
    assert [sink.wait(30) for sink in sinks] == [0, 0]
    raw = {noun: count(client, killed, noun) for noun in NOUNS}
    assert raw == dict.fromkeys(NOUNS, total), f"{kills} kills: doubled before any merge"
    assert digests(client, "live", killed, NOUNS) == expected(store, connection, range(total), databases)
    process.stop()


def listens(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal by now: one that has just been started has none."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def pace(connection: Connection, total: int) -> None:
    """Records a little at a time, so that there is something in flight at every kill."""
    for n in range(0, total, 300):
        produce(connection, range(n, n + 300))
        time.sleep(0.3)

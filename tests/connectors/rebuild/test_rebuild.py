"""The store built anew from the log, on a real broker and a real store, while sinks write and people read."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import StoreAddress, digests, drop, ensure_schema
from connectors.clickhouse.sink import clickhouse_sink
from connectors.rebuild.run import rebuild
from connectors.rebuild.swap import NotSwapped, barrier
from deploy.cli import app
from tests.connectors.clickhouse.filled import NOUNS, QUICK, announced, count, expected, produce, running
from tests.fixtures_kafka import eventually
from topics import catalog
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names

pytestmark = [pytest.mark.kafka, pytest.mark.store, pytest.mark.network]

# Kills itself where it is told to: after so many pieces were read, or when it is about to exchange the nth table.
CHILD = """
import os, signal, sys
from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import StoreAddress
from connectors.rebuild import fill, run, swap
from topics.connection import Connection
from topics.names import Names
bootstrap, registry, prefix, url, database, at = sys.argv[1:]
fill.BATCH, swap.BARRIER_S = 20, 20
seen = {"reading": 0, "exchanging": 0}
def step(what):
    seen[what] += 1
    if what == at and seen[what] == 4:
        os.kill(os.getpid(), signal.SIGKILL)
real = run.connect
def connect(address):
    client = real(address)
    command = client.command
    def counted(text, *a, **k):
        if text.startswith("EXCHANGE"):
            step("exchanging")
        return command(text, *a, **k)
    client.command = counted
    return client
run.connect = connect
connection = Connection(bootstrap, registry, Names(prefix), partitions=2)
run.rebuild(connection, StoreAddress(url, databases=Databases(database)), database + "_new",
            told=lambda done, left: step("reading"))
"""


@pytest.fixture
def databases(store: Any, database: str) -> Iterator[Databases]:
    names = Databases(database)
    yield names
    for made in (names, Databases(f"{database}_new"), Databases(f"{database}_hand")):
        drop(store, made)


@pytest.fixture
def address(store_url: str, databases: Databases) -> StoreAddress:
    return StoreAddress(store_url, databases=databases)


def new(databases: Databases) -> str:
    return f"{databases.views}_new"


def filled(store: Any, connection: Connection, databases: Databases, rows: int) -> None:
    """Waits until the rows are there and the sink has closed its spans."""
    for noun in NOUNS:
        eventually(lambda noun=noun: count(store, databases, noun) == rows)  # type: ignore[misc]
    eventually(lambda: not announced(connection))


class Reader:
    """Asks all the time; what it saw must never shrink, and no question may fail."""

    def __init__(self, url: str, databases: Databases) -> None:
        tables = [f"{databases.views}.{noun}" for noun in ("frames", "fused", "reasons")]
        tables.append(f"{databases.log}.highlights FINAL")
        self._sql = f"SELECT {', '.join(f'(SELECT count() FROM {table})' for table in tables)}"
        self._client = clickhouse_connect.get_client(dsn=url, autogenerate_session_id=False)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self.asked = 0
        self.trouble: list[str] = []

    def _read(self) -> None:
        before: tuple[int, ...] = (0, 0, 0, 0)
        while not self._ended.is_set():
            try:
                seen = tuple(self._client.query(self._sql).first_row or ())
            except ClickHouseError as error:
                self.trouble.append(str(error)[:300])
                continue
            if any(b < a for a, b in zip(before, seen, strict=True)):
                self.trouble.append(f"{before} became {seen}")
            before, self.asked = seen, self.asked + 1

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._client.close()


def test_an_empty_log_gives_an_empty_database(store: Any, connection: Connection, address: StoreAddress) -> None:
    outcome = rebuild(connection, address, new(address.databases), drop_old=True)
    assert outcome.swapped
    assert outcome.equal
    assert {c.noun for c in outcome.nouns} == set(catalog.BY_NOUN)
    assert count(store, address.databases, "frames") == 0


def test_readers_and_sinks_go_on_through_a_rebuild_and_nothing_is_lost_or_doubled(
    store: Any, store_url: str, connection: Connection, address: StoreAddress
) -> None:
    names = address.databases
    again = replace(connection, names=Names(connection.names.prefix, "again"))
    ensure_topics(again)
    produce(again, range(50), nouns=NOUNS[1:])
    produce(connection, range(300))
    total, ended = [300], threading.Event()

    def more() -> None:
        while not ended.is_set():
            produce(connection, range(total[0], total[0] + 30))
            total[0] += 30

    with running(clickhouse_sink(connection, address, QUICK)), running(clickhouse_sink(again, address, QUICK)):
        eventually(lambda: count(store, names, "frames") == 300)
        eventually(lambda: count(store, names, "fused") == count(store, names, "highlights") == 350)
        producing = threading.Thread(target=more)
        producing.start()
        with Reader(store_url, names) as reader:
            outcome = rebuild(connection, address, new(names))
            asked = reader.asked
            eventually(lambda: reader.asked > asked + 5)
            ended.set()
            producing.join()
            eventually(lambda: count(store, names, "fused") == total[0] + 50)
            eventually(lambda: count(store, names, "highlights") == total[0] + 50)
            eventually(lambda: count(store, names, "frames") == total[0])
    assert reader.trouble == []
    assert outcome.swapped
    assert [c.noun for c in outcome.nouns if not c.equal or c.gone] == []
    assert {c.run for c in outcome.nouns} == {"live", "again"}
    raw = {noun: count(store, names, noun) for noun in NOUNS}
    both = total[0] + 50
    assert raw == {"frames": total[0], "fused": both, "highlights": both}, "doubled before any merge"
    by_hand = expected(store, connection, range(total[0]), Databases(f"{names.views}_hand"))
    assert digests(store, "live", names, NOUNS) == by_hand


@pytest.mark.parametrize("at", ["reading", "exchanging"])
def test_a_rebuild_that_is_killed_goes_on_when_it_is_called_again(
    store: Any, connection: Connection, address: StoreAddress, at: str
) -> None:
    names = address.databases
    produce(connection, range(200))
    with running(clickhouse_sink(connection, address, QUICK)):
        filled(store, connection, names, 200)
        before = digests(store, "live", names, NOUNS)
        arguments = [
            connection.bootstrap,
            connection.registry_url,
            connection.names.prefix,
            address.url,
            names.views,
        ]
        child = subprocess.run([sys.executable, "-c", CHILD, *arguments, at], check=False, capture_output=True)
        assert child.returncode == -signal.SIGKILL, child.stderr.decode()[-2000:]
        assert digests(store, "live", names, NOUNS) == before
        produce(connection, range(200, 240))  # what was held up by the kill goes on
        filled(store, connection, names, 240)
        outcome = rebuild(connection, address, new(names))
        assert outcome.swapped
        assert outcome.equal
        produce(connection, range(240, 260))
        filled(store, connection, names, 260)


def test_rows_that_the_log_has_lost_are_named_and_kept_unless_forced(
    store: Any, connection: Connection, address: StoreAddress
) -> None:
    names, topic = address.databases, connection.names.topic(catalog.FUSED)
    produce(connection, range(100), streams=1)
    with running(clickhouse_sink(connection, address, QUICK)):
        filled(store, connection, names, 100)
        ((partition,),) = store.query(f"SELECT DISTINCT partition FROM {names.log}.fused").result_rows
        admin = AdminClient(connection.confluent())
        for future in admin.delete_records([TopicPartition(topic, partition, 40)]).values():
            future.result(30)
        kept = rebuild(connection, address, new(names))
        assert not kept.swapped
        assert (kept.equal, kept.gone) == (True, 40)
        (lost,) = [c for c in kept.nouns if c.gone]
        assert (lost.noun, lost.first_gone, lost.last_gone) == (
            "fused", f"{topic}/{partition}/0", f"{topic}/{partition}/39",
        )  # fmt: skip
        assert count(store, names, "fused") == 100
        forced = rebuild(connection, address, new(names), force=True)
        assert forced.swapped
        assert count(store, names, "fused") == 60
        assert count(store, Databases(new(names)), "fused") == 100
        produce(connection, range(100, 110), streams=1)
        eventually(lambda: count(store, names, "fused") == 70)
        with pytest.raises(NotSwapped, match="--drop-old"):
            rebuild(connection, address, new(names))


def test_a_difference_is_found_and_mended(store: Any, connection: Connection, address: StoreAddress) -> None:
    names = address.databases
    produce(connection, range(60))
    with running(clickhouse_sink(connection, address, QUICK)):
        filled(store, connection, names, 60)
        store.command(f"ALTER TABLE {names.log}.highlights DELETE WHERE seq = 3", settings={"mutations_sync": 2})
        found = rebuild(connection, address, new(names))
        assert not found.swapped
        assert [c.noun for c in found.nouns if not c.equal] == ["highlights"]
        assert rebuild(connection, address, new(names), force=True, drop_old=True).swapped
        assert count(store, names, "highlights") == 60
        assert not store.query(f"SELECT 1 FROM system.databases WHERE name = '{new(names)}_log'").result_rows


def test_a_run_that_never_had_rows_gets_none_and_keeps_nobody_from_swapping(
    store: Any, connection: Connection, address: StoreAddress
) -> None:
    """`framelog replay --no-rows`: its topics are there, its sink never was."""
    bare = replace(connection, names=Names(connection.names.prefix, "bare"))
    ensure_topics(bare)
    produce(bare, range(5), nouns=NOUNS[1:])
    produce(connection, range(20))
    with running(clickhouse_sink(connection, address, QUICK)):
        filled(store, connection, address.databases, 20)
        outcome = rebuild(connection, address, new(address.databases))
    assert outcome.swapped
    assert {c.run for c in outcome.nouns} == {"live"}
    assert count(store, address.databases, NOUNS[1]) == 20


def test_a_barrier_that_nobody_lifts_runs_out(store: Any, address: StoreAddress) -> None:
    names = address.databases
    ensure_schema(store, names)
    put = f"INSERT INTO {names.log}.frames (run, seq) VALUES ('live', 1)"
    held = barrier(store, names, 2)
    held.__enter__()
    with pytest.raises(ClickHouseError, match="rebuilding"):
        store.command(put)

    def taken() -> bool:
        try:
            store.command(put)
        except ClickHouseError:
            return False
        return True

    eventually(taken, 20)


def test_a_database_of_others_is_left_alone(store: Any, connection: Connection, address: StoreAddress) -> None:
    ensure_schema(store, Databases(new(address.databases)))
    with pytest.raises(NotSwapped, match="no rebuild made it"):
        rebuild(connection, address, new(address.databases))
    with pytest.raises(NotSwapped, match="name another"):
        rebuild(connection, address, address.databases.views)


def test_the_command_prints_the_table_and_its_exit_code_says_whether_it_swapped(
    store: Any, connection: Connection, address: StoreAddress, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    produce(connection, range(20))
    with running(clickhouse_sink(connection, address, QUICK)):
        filled(store, connection, address.databases, 20)
    for name, value in {
        "KAFKA": connection.bootstrap, "REGISTRY": connection.registry_url, "CLICKHOUSE": address.url,
        "PREFIX": connection.names.prefix, "CLICKHOUSE_DATABASE": address.databases.views, "DATA": str(tmp_path),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"FRAMELOG_{name}", value)
    found = CliRunner().invoke(app, ["rebuild", "--database", new(address.databases), "--json"])
    assert found.exit_code == 0, found.output
    *rows, last = map(json.loads, found.output.splitlines())
    assert {r["noun"]: r["equal"] for r in rows} == dict.fromkeys(catalog.BY_NOUN, True)
    assert (last["swapped"], last["equal"], last["gone"]) == (True, True, 0)
    store.command(f"INSERT INTO {address.databases.log}.fused (run, topic, seq) VALUES ('old run', 'no topic', 1)")
    kept = CliRunner().invoke(app, ["rebuild", "--database", new(address.databases), "--drop-old"])
    assert kept.exit_code == 3, kept.output
    assert "1 rows" in kept.output

"""The store as an ordinary client sees it: the same suite would pass against a ClickHouse server."""

import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from tests.fixtures_store import RUN, StoreProcess

pytestmark = [pytest.mark.store, pytest.mark.network]
WHEN = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
VALUES = [
    ("UInt8", [0, 255]),
    ("Int64", [-(2**63), 2**63 - 1]),
    ("Float32", [0.5, -1.25]),
    ("Bool", [True, False]),
    ("String", ["", "\n FORMAT Native\n'\\ü"]),
    ("LowCardinality(String)", ["ok", "ok"]),
    ("Nullable(Float32)", [None, 1.5]),
    ("Nullable(String)", ["", None]),
    ("UUID", [UUID(int=0), UUID(int=2**128 - 1)]),
    ("DateTime64(3, 'UTC')", [WHEN, WHEN]),
    ("Array(String)", [[], ["a", ""]]),
    ("Array(Tuple(label String, score Float32))", [[], [("person", 0.5), ("dog", 0.25)]]),
    ("Tuple(topic String, partition Int32, offset Int64)", [("", -1, -1), ("t", 3, 2**40)]),
    (
        "Array(Tuple(label String, points Array(Tuple(x Float32, y Float32))))",
        [[], [("a", [(1.0, 2.0)]), ("b", [])]],
    ),
]


@pytest.fixture
def table(store: Any, database: str) -> Iterator[str]:
    store.command(f"CREATE DATABASE {database}")
    yield f"{database}.t"
    store.command(f"DROP DATABASE {database}")


@pytest.mark.parametrize(("kind", "values"), VALUES, ids=[k for k, _ in VALUES])
def test_a_value_comes_back_as_it_went_in(store: Any, table: str, kind: str, values: list[Any]) -> None:
    store.command(f"CREATE TABLE {table} (n UInt8, v {kind}) ENGINE MergeTree ORDER BY n")
    store.insert(table, list(enumerate(values)), column_names=["n", "v"])
    rows = store.query(f"SELECT v FROM {table} ORDER BY n").result_rows

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            value = tuple(value.values())
        return type(value)(map(plain, value)) if isinstance(value, list | tuple) else value

    assert [plain(v) for (v,) in rows] == values


def test_an_empty_result_has_its_columns(store: Any) -> None:
    found = store.query("SELECT toUInt8(1) AS a, [('x', 1)] AS b WHERE 0 AND {n:UInt8} = 1", parameters={"n": 1})
    assert found.result_rows == []
    assert found.column_names == ("a", "b")


@pytest.mark.parametrize("compress", ["lz4", "gzip", False])
def test_many_rows_go_in_and_come_out_whatever_the_compression(
    store_url: str, store: Any, table: str, compress: str | bool
) -> None:
    client = clickhouse_connect.get_client(dsn=store_url, compress=compress)
    store.command(f"CREATE TABLE {table} (n UInt64, s String) ENGINE MergeTree ORDER BY n")
    columns: list[list[Any]] = [list(range(200_000)), [f"value {n}" for n in range(200_000)]]
    client.insert(table, columns, column_names=["n", "s"], column_oriented=True)
    assert client.query(f"SELECT count(), sum(n) FROM {table}").result_rows == [(200_000, 200_000 * 199_999 // 2)]
    assert client.query(f"SELECT s FROM {table} ORDER BY n").result_columns[0] == columns[1]
    with client.query_row_block_stream("SELECT number FROM numbers(1000000)") as blocks:
        assert sum(len(block) for block in blocks) == 1_000_000
    client.close()


def test_a_block_whose_first_byte_is_a_newline_is_read_whole(store: Any, table: str) -> None:
    names = [f"c{n}" for n in range(10)]  # ten columns: the Native block begins with byte 10
    store.command(f"CREATE TABLE {table} ({', '.join(f'{n} UInt8' for n in names)}) ENGINE MergeTree ORDER BY c0")
    store.insert(table, [list(range(10))], column_names=names)
    assert store.query(f"SELECT * FROM {table}").result_rows == [tuple(range(10))]


def test_the_same_token_inserts_once(store: Any, table: str) -> None:
    store.command(
        f"CREATE TABLE {table} (n UInt64) ENGINE MergeTree ORDER BY n "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    for token in ["a", "a", "b", "a"]:
        store.insert(table, [[1], [2]], column_names=["n"], settings={"insert_deduplication_token": token})
    assert store.command(f"SELECT count() FROM {table}") == 4


def test_inserts_come_in_every_way_a_client_sends_them(store: Any, table: str) -> None:
    store.command(f"CREATE TABLE {table} (n UInt64, s String) ENGINE MergeTree ORDER BY n")
    store.command(f"INSERT INTO {table} VALUES (1, 'FORMAT CSV'), (2, 'b')")
    store.command(f"INSERT INTO {table} SELECT number + 3, 'c' FROM numbers(2)")
    store.command(f"INSERT INTO {table} FORMAT CSV", data="5,e\n6,f\n")
    store.raw_insert(table, ["n", "s"], b"7\tg\n8\th\n", fmt="TabSeparated")
    store.raw_insert(table, insert_block=iter([b"9,i\n", b"10,j\n"]), fmt="CSV")
    assert store.query(f"SELECT n, s FROM {table} ORDER BY n").result_rows == [
        (1, "FORMAT CSV"), (2, "b"), (3, "c"), (4, "c"), (5, "e"), (6, "f"), (7, "g"), (8, "h"), (9, "i"),
        (10, "j"),
    ]  # fmt: skip


def test_parameters_are_values_and_never_sql(store: Any) -> None:
    nasty = "a'; DROP TABLE x -- \\ \n\t ü"
    given = {"s": nasty, "n": -5, "l": ["x", "y'"]}
    found = store.query("SELECT {s:String}, {n:Int64}, {l:Array(String)}", parameters=given)
    assert found.result_rows == [(nasty, -5, ["x", "y'"])]
    long = "x" * 200_000
    assert store.query("SELECT length({s:String})", parameters={"s": long}).result_rows == [(200_000,)]


def test_other_formats_are_passed_on(store: Any) -> None:
    assert store.raw_query("SELECT 1 AS a, 'x,y' AS b", fmt="CSVWithNames") == b'"a","b"\n1,"x,y"\n'
    assert store.raw_query("SELECT 1 AS a FORMAT JSONEachRow") == b'{"a":1}\n'


@pytest.mark.parametrize(
    ("sql", "code", "text"),
    [
        ("SELECT nosuch", 47, "nosuch"),
        ("SELECT * FROM nosuch.t", 81, "nosuch"),
        ("SELECT 1 FROM FROM 2", 62, "Syntax"),
        ("SELECT throwIf(number = 3, 'stop') FROM numbers(10)", 395, "stop"),
        ("SELECT groupArray(number) FROM numbers(100000000) SETTINGS max_memory_usage = 10000000", 241, "memory"),
        ("SELECT sleepEachRow(0.1) FROM numbers(29) SETTINGS max_execution_time = 1", 159, "Timeout"),
    ],
)
def test_errors_carry_the_engines_code_and_words(store: Any, sql: str, code: int, text: str) -> None:
    with pytest.raises(DatabaseError, match=text) as caught:
        store.query(sql)
    assert caught.value.code == code


def test_an_error_in_mid_stream_is_an_error_to_the_client(store: Any) -> None:
    with (
        pytest.raises(ClickHouseError, match="late"),
        store.query_row_block_stream("SELECT throwIf(number = 900000, 'late') FROM numbers(1000000)") as blocks,
    ):
        for _ in blocks:
            pass


def test_settings_of_one_statement_do_not_reach_the_next(store: Any) -> None:
    asked = "SELECT getSetting('max_threads')"
    before = store.command(asked)
    assert store.command(asked, settings={"max_threads": 7}) == 7
    assert store.command(asked) == before


def test_a_refused_setting_does_not_stick(store: Any) -> None:
    with pytest.raises(DatabaseError, match=r"max_threads|parse|Cannot"):
        store.raw_query("SELECT 1", settings={"max_threads": "many"})
    assert store.command("SELECT 1") == 1


def test_a_read_only_statement_can_not_write_and_the_next_one_can(store: Any, table: str) -> None:
    store.command(f"CREATE TABLE {table} (n UInt64) ENGINE MergeTree ORDER BY n")
    for refused in [f"INSERT INTO {table} VALUES (1)", f"DROP TABLE {table}", "SELECT * FROM file('/etc/passwd')"]:
        with pytest.raises(DatabaseError) as caught:
            store.raw_query(refused, settings={"readonly": 1})
        assert caught.value.code == 164, refused
    assert store.raw_query("SELECT 2", settings={"readonly": 1}) == b"2\n"
    store.insert(table, [[1]], column_names=["n"])
    assert store.command(f"SELECT count() FROM {table}") == 1


def test_a_temporary_table_lives_as_long_as_its_session(store: Any, store_url: str) -> None:
    store.command("CREATE TEMPORARY TABLE mine (n UInt8)")
    store.command("INSERT INTO mine VALUES (3)")
    assert store.command("SELECT n FROM mine") == 3
    with pytest.raises(DatabaseError):
        clickhouse_connect.get_client(dsn=store_url).command("SELECT n FROM mine")


def test_a_client_may_name_its_database(store: Any, store_url: str, table: str) -> None:
    store.command(f"CREATE TABLE {table} (n UInt64) ENGINE MergeTree ORDER BY n")
    client = clickhouse_connect.get_client(dsn=store_url, database=table.partition(".")[0])
    client.insert("t", [[4]], column_names=["n"])
    assert client.command("SELECT n FROM t") == 4
    client.close()


def test_a_long_query_does_not_hold_up_inserts(store_url: str, store: Any, table: str) -> None:
    store.command(f"CREATE TABLE {table} (n UInt64) ENGINE MergeTree ORDER BY n")
    reader = clickhouse_connect.get_client(dsn=store_url)
    slow = threading.Thread(target=reader.command, args=("SELECT sum(sleepEachRow(0.1)) FROM numbers(30)",))
    slow.start()
    began_s = time.monotonic()
    for n in range(5):
        store.insert(table, [[n]], column_names=["n"])
    took_s = time.monotonic() - began_s
    assert slow.is_alive(), "the query was over before the inserts: nothing was shown"
    slow.join()
    assert took_s < 2.5


def test_ping_and_unknown_paths_answer_as_http_should(store_url: str) -> None:
    with urllib.request.urlopen(f"{store_url}/ping") as answer:
        assert answer.read() == b"Ok.\n"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{store_url}/nosuch")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(urllib.request.Request(store_url, data=b" ", method="POST"))


def test_acknowledged_rows_survive_a_kill(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path / "data").start()
    client = clickhouse_connect.get_client(dsn=process.url)
    client.command(
        "CREATE TABLE t (n UInt64) ENGINE MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100"
    )
    for n in range(30):
        client.insert("t", [[n]], column_names=["n"], settings={"insert_deduplication_token": f"t{n}"})
    process.stop(signal.SIGKILL)
    process.start()
    again = clickhouse_connect.get_client(dsn=process.url)
    assert again.query("SELECT n FROM t ORDER BY n").result_columns[0] == list(range(30))
    again.insert("t", [[29]], column_names=["n"], settings={"insert_deduplication_token": "t29"})
    assert again.command("SELECT count() FROM t") == 30, "the tokens survive too"
    assert process.stop() in {0, -signal.SIGTERM}


def test_a_data_path_has_one_owner(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path / "data").start()
    assert process.process is not None
    second = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path / "data"), "0"], capture_output=True, text=True, timeout=60
    )
    process.stop()
    assert second.returncode != 0
    assert f"belongs to process {process.process.pid}" in second.stderr

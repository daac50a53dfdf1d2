"""The store as it was: what people write for a time, and what the views give for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.sql_guard import Refused, guard
from connectors.clickhouse.as_of import VIEWS, AsOf, BadTime, as_of, instant
from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.rows import Place, column_names, columns_of, row
from connectors.clickhouse.schema import drop, ensure_schema
from deploy.cli import app
from schemas.records import BY_NOUN
from tests.connectors.records import record

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
T0_MS = 1_777_000_000_000
BOTH = ("framelog", "framelog_log")


def test_nothing_asked_is_nothing_changed() -> None:
    assert as_of("", "", NOW) is None
    assert as_of(None, None, NOW) is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-05-01T11:30:00Z", NOW - timedelta(minutes=30)),
        ("2026-05-01 11:30", NOW - timedelta(minutes=30)),
        ("2026-05-01T13:30:00+02:00", NOW - timedelta(minutes=30)),
        ("-10m", NOW - timedelta(minutes=10)),
        ("-1.5h", NOW - timedelta(minutes=90)),
        ("-3d", NOW - timedelta(days=3)),
        (" -250ms ", NOW - timedelta(milliseconds=250)),
    ],
)
def test_times_are_iso_or_so_long_ago(text: str, at: datetime) -> None:
    assert instant(text, NOW) == at


@pytest.mark.parametrize("text", ["yesterday", "10m", "-10", "-1y", "2026-13-01", "-99999999999d"])
def test_what_is_no_time_says_how_one_looks(text: str) -> None:
    with pytest.raises(BadTime, match="-10m"):
        instant(text, NOW)


@given(st.integers(0, 10**9))
def test_a_time_is_told_to_the_views_to_the_millisecond(ms: int) -> None:
    then = as_of("live", (NOW - timedelta(milliseconds=ms)).isoformat(), NOW)
    assert then is not None
    assert instant(then.text, NOW) == NOW - timedelta(milliseconds=ms)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT * FROM framelog_log.tracks", "only the views"),
        ("SELECT * FROM tracks FINAL", "FINAL"),
        ("SELECT * FROM boxes_as_of(run = 'a', at = 'b')", "leave the options out"),
        ("SELECT * FROM nothing_of_ours", "only the views"),
        ("SELECT * FROM file('x')", "file"),
    ],
)
def test_what_can_not_be_read_as_of_a_time_is_refused(sql: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        guard(sql, BOTH, AsOf())


def test_a_view_of_another_database_with_our_name_is_refused() -> None:
    with pytest.raises(Refused, match="boxes_as_of"):
        guard("SELECT * FROM other.boxes_as_of(run = 'a', at = 'b')", BOTH)


@pytest.fixture
def databases(store: Any, database: str) -> Iterator[Databases]:
    names = Databases(database)
    ensure_schema(store, names)
    for run, count in (("live", 10), ("again", 4)):
        for noun in BY_NOUN:
            rows = [
                row(noun, run, record(noun, n, seq=n), Place("t", 0, n, T0_MS + n * 1000)) for n in range(count)
            ]
            store.insert(
                f"{names.log}.{noun}",
                columns_of(rows),
                column_names=list(column_names(noun)),
                column_oriented=True,
            )
    yield names
    drop(store, names)


@pytest.mark.store
@pytest.mark.network
def test_every_view_takes_run_and_time(store: Any, databases: Databases) -> None:
    at = "fromUnixTimestamp64Milli(1777000002000)"
    for view in sorted(VIEWS):
        for run in ("live", "again", "nobody"):
            said = f"SELECT * FROM {databases.views}.{view}"
            then = store.query(f"{said}_as_of(run='{run}', at='2026-04-24T03:06:42Z') ORDER BY ALL").result_rows
            plain = store.query(f"{said} WHERE run = '{run}' AND recorded_at <= {at} ORDER BY ALL").result_rows
            assert then == plain, view
            assert bool(then) == (run != "nobody")


@pytest.mark.store
@pytest.mark.network
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "14"),
        (["--run", "again"], "4"),
        (["--as-of", "2026-04-24T03:06:42Z"], "3"),
        (["--as-of", "2026-04-24T03:06:42Z", "--run", "nobody"], "0"),
        (["--as-of", "soon"], "-10m"),
    ],
)
def test_the_command_takes_run_and_time(
    store_url: str,
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: list[str],
    said: str,
) -> None:
    for name, value in {
        "CLICKHOUSE": store_url, "CLICKHOUSE_DATABASE": databases.views, "DATA": str(tmp_path),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"FRAMELOG_{name}", value)
    found = CliRunner().invoke(app, ["sql", "SELECT count() AS n FROM fused", "--format", "csv", *options])
    assert (found.exit_code == 0) == said.isdigit()
    assert said in found.output


@pytest.mark.store
@pytest.mark.network
@pytest.mark.parametrize(
    ("sql", "then", "rows"),
    [
        ("SELECT count() FROM fused", None, [(14,)]),
        ("SELECT count() FROM fused", ("live", 3), [(4,)]),
        ("SELECT count() FROM fused", ("again", 9), [(4,)]),
        ("SELECT count() FROM fused", ("live", -1), [(0,)]),
        ("SELECT max(fused.seq) FROM {views}.fused WHERE fused.run = 'live'", ("live", 3), [(3,)]),
        ("WITH f AS (SELECT * FROM fused) SELECT count(), any(run) FROM f", ("again", 2), [(3, "again")]),
        ("SELECT count() FROM fused AS a INNER JOIN tracks AS b ON a.seq = b.seq", ("live", 4), [(5,)]),
        ("SELECT count() FROM tracks WHERE seq IN (SELECT seq FROM fused)", ("again", 1), [(2,)]),
        ("SELECT uniqExact(seq) <= 3 FROM boxes", ("live", 2), [(1,)]),
        (
            "SELECT count(), countIf(b.seq > 0) FROM fused_as_of(run = 'live', at = '2026-04-24T03:06:45Z') AS a "
            "LEFT JOIN fused_as_of(run = 'again', at = '2200-01-01T00:00:00Z') AS b ON a.seq = b.seq",
            None, [(6, 3)],
        ),
    ],
)  # fmt: skip
def test_a_statement_is_answered_as_it_would_have_been(
    store: Any, databases: Databases, sql: str, then: tuple[str, int] | None, rows: list[Any]
) -> None:
    at = None if then is None else AsOf(then[0], datetime.fromtimestamp(T0_MS / 1000 + then[1], UTC))
    asked = guard(sql.format(views=databases.views), (databases.views, databases.log), at)
    assert store.query(asked).result_rows == rows, asked
    assert guard(asked, (databases.views, databases.log)) == asked

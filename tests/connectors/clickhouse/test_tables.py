from collections.abc import Iterator
from typing import Any

import pytest

from connectors.clickhouse.columns import all_columns, own_columns
from connectors.clickhouse.ddl import FLAT, FOLDER, Databases, text
from connectors.clickhouse.rows import Place, column_names, columns_of, row
from connectors.clickhouse.schema import Incompatible, digests, drop, ensure_schema
from schemas.records import BY_NOUN, Box, Detections, Frame, Highlight, Ref
from tests.connectors.records import record

NOUNS = sorted(BY_NOUN)
PLACE = Place("framelog.x", 3, 41, 1_700_000_000_123)


@pytest.mark.parametrize("noun", NOUNS)
def test_the_sql_file_says_what_the_schema_says(noun: str) -> None:
    assert (FOLDER / f"{noun}.sql").read_text() == text(noun), "call `make format`"


@pytest.mark.parametrize("noun", NOUNS)
def test_every_field_of_a_record_has_its_column_and_no_bytes_are_kept(noun: str) -> None:
    fields = {c.field.partition(".")[0] for c in own_columns(noun)}
    assert fields == set(BY_NOUN[noun].__dataclass_fields__)
    values = row(noun, "live", record(noun, 1), PLACE)
    assert len(values) == len(column_names(noun)) == len(all_columns(noun))
    assert not any(isinstance(v, bytes) for v in values)


def test_a_row_is_the_record_and_its_place() -> None:
    box = Box(label="person", score=0.5, x1_px=1, y1_px=2, x2_px=3, y2_px=4)
    frame = Ref(topic="f", partition=1, offset=2)
    made = Detections(stream_id="s", session_id="e", seq=7, pts_us=8, boxes=(box,), frame=frame)
    found = dict(zip(column_names("detections"), row("detections", "live", made, PLACE), strict=True))
    assert found["boxes"] == [("person", 0.5, 1, 2, 3, 4, [])]
    assert found["frame"] == ("f", 1, 2)
    assert (found["run"], found["topic"], found["partition"], found["offset"]) == ("live", "framelog.x", 3, 41)
    assert found["recorded_at"] == 1_700_000_000_123


def test_a_null_reference_is_told_from_every_real_one() -> None:
    found = dict(zip(column_names("highlights"), row("highlights", "live", Highlight(), PLACE), strict=True))
    assert found["frame"] == ("", -1, -1)


def test_media_bytes_become_their_size() -> None:
    made = Frame(stream_id="s", session_id="e", seq=0, pts_us=0, image=b"abc", width_px=1, height_px=1)
    assert dict(zip(column_names("frames"), row("frames", "live", made, PLACE), strict=True))["image_bytes"] == 3


def test_the_same_record_gives_the_same_row() -> None:
    for noun in NOUNS:
        assert row(noun, "live", record(noun, 5), PLACE) == row(noun, "live", record(noun, 5), PLACE)


@pytest.fixture
def databases(store: Any, database: str) -> Iterator[Databases]:
    names = Databases(database)
    yield names
    drop(store, names)


def put(store: Any, databases: Databases, noun: str, rows: list[tuple[Any, ...]]) -> None:
    store.insert(
        f"{databases.log}.{noun}", columns_of(rows), column_names=list(column_names(noun)), column_oriented=True
    )


@pytest.mark.store
@pytest.mark.network
def test_rows_of_every_noun_come_back_and_are_digested(store: Any, databases: Databases) -> None:
    assert ensure_schema(store, databases) == []
    empty = digests(store, databases=databases)
    for noun in NOUNS:
        rows = [
            row(noun, "live", record(noun, n, seq=n), Place("t", 0, n, 1_700_000_000_000 + n)) for n in range(20)
        ]
        put(store, databases, noun, rows)
        back = store.query(f"SELECT * FROM {databases.views}.{noun} ORDER BY seq")
        assert back.column_names == column_names(noun)
        for wrote, read in zip(rows, back.result_rows, strict=True):
            for name, a, b in zip(back.column_names, wrote, read, strict=True):
                assert name == "recorded_at" or plain(b) == plain(a), name
    full = digests(store, databases=databases)
    assert all(full[noun] != empty[noun] for noun in NOUNS)
    for flat in FLAT:
        many = f"arraySum(x -> length(x.{flat.within}), {flat.of})" if flat.within else f"length({flat.of})"
        elements = store.command(f"SELECT sum({many}) FROM {databases.views}.{flat.noun}")
        assert elements > 0
        assert store.command(f"SELECT count() FROM {databases.views}.{flat.name}") == elements


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        value = tuple(value.values())
    return [plain(v) for v in value] if isinstance(value, list | tuple) else value


@pytest.mark.store
@pytest.mark.network
def test_a_digest_knows_content_and_not_order_offset_or_repeats(store: Any, databases: Databases) -> None:
    ensure_schema(store, databases)

    def rows(run: str, at: int, seeds: list[int]) -> list[tuple[Any, ...]]:
        return [row("fused", run, record("fused", n, seq=n), Place("t", 0, at + n, at)) for n in seeds]

    put(store, databases, "fused", rows("a", 0, [1, 2, 3]))
    put(store, databases, "fused", rows("b", 100, [3, 1, 2]))
    put(store, databases, "fused", rows("b", 200, [2]))
    put(store, databases, "fused", rows("c", 0, [1, 2, 4]))
    of = {run: digests(store, run, databases, ["fused"])["fused"] for run in "abc"}
    assert of["a"] == of["b"]
    assert of["a"] != of["c"]


@pytest.mark.store
@pytest.mark.network
def test_of_two_records_with_one_seq_the_first_in_the_log_stays(store: Any, databases: Databases) -> None:
    ensure_schema(store, databases)
    for offset, score in [(5, 0.5), (2, 0.25), (9, 0.75)]:
        made = record("highlights", 1, seq=1, score=score, stream_id="s", session_id="e")
        put(store, databases, "highlights", [row("highlights", "live", made, Place("t", 0, offset, 0))])
    assert store.query(f"SELECT score FROM {databases.views}.highlights").result_rows == [(0.25,)]


@pytest.mark.store
@pytest.mark.network
def test_an_older_table_gets_the_new_columns_and_keeps_its_rows(store: Any, databases: Databases) -> None:
    ensure_schema(store, databases)
    put(store, databases, "highlights", [row("highlights", "live", record("highlights", 1), PLACE)])
    old = "Array(Tuple(kind LowCardinality(String), weight Float32))"
    store.command(f"DROP VIEW {databases.views}.reasons")
    store.command(f"ALTER TABLE {databases.log}.highlights DROP COLUMN title")
    store.command(f"ALTER TABLE {databases.log}.highlights MODIFY COLUMN reasons {old}")
    assert ensure_schema(store, databases) == ["highlights.title", "highlights.reasons"]
    assert ensure_schema(store, databases) == []
    back = store.query(f"SELECT * FROM {databases.views}.highlights")
    assert back.column_names == column_names("highlights")
    assert len(back.result_rows) == 1


@pytest.mark.store
@pytest.mark.network
def test_a_table_that_can_not_be_turned_into_ours_is_named(store: Any, databases: Databases) -> None:
    store.command(f"CREATE DATABASE {databases.log}")
    store.command(
        f"CREATE TABLE {databases.log}.frames (run String, seq Array(UUID)) ENGINE MergeTree ORDER BY run"
    )
    with pytest.raises(Incompatible, match=r"frames.seq is Array"):
        ensure_schema(store, databases)

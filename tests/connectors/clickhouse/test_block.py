"""A block made of many messages at once holds the rows that are made of them one by one."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from clickhouse_connect.driver.ctypes import RespBuffCls
from clickhouse_connect.driver.insert import InsertContext
from clickhouse_connect.driver.transform import NativeTransform
from fastavro import schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.clickhouse.block import native_block
from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.rows import column_names, columns_of, row_maker
from connectors.clickhouse.schema import StoreAddress, digests, drop, ensure_schema
from connectors.clickhouse.sink import ClickHouseWriter, column_types
from connectors.ranges import Span
from schemas.codec import Undecodable, encode, parsed, plain_reader, schema_text
from tests.connectors.records import record
from topics.catalog import BY_NOUN

NOUNS = [noun for noun in BY_NOUN if native_block(noun) is not None]
TIME_MS = 1_700_000_000_000


class Whole:
    """An answer of one piece, as the client's reader wants one."""

    def __init__(self, body: bytes) -> None:
        self.gen = iter([body])

    def close(self) -> None:
        pass


def as_read(body: bytes) -> list[tuple[Any, ...]]:
    """A block's rows, by the client's reader."""
    whole: Any = Whole(body)
    source: Any = RespBuffCls(whole)  # type: ignore[no-untyped-call]
    answer: Any = NativeTransform.parse_response(source)
    return list(answer.result_rows)


def sent(noun: str, rows: list[tuple[Any, ...]]) -> list[bytes]:
    """What the client sends of rows where it is left to itself: one or more blocks."""
    context = InsertContext("t", column_names(noun), column_types(noun), columns_of(rows), True)
    blocks = list(NativeTransform.build_insert(context))
    assert context.insert_exception is None
    return [bytes(blocks[0]).partition(b" FORMAT Native\n")[2], *blocks[1:]]


def one_by_one(noun: str, values: list[bytes]) -> list[Any]:
    """The rows by way of fastavro, or why there is none."""
    read = plain_reader(BY_NOUN[noun].record, lambda _: schema_text(noun))
    made = [read(value) for value in values]
    return [
        r if isinstance(r, Undecodable) else row_maker(noun)("live", "topic", 3, at, TIME_MS + at, r)
        for at, r in enumerate(made)
    ]


def at_once(noun: str, values: list[bytes]) -> bytes | None:
    """The block made of all of them; None if they are to be read one by one."""
    block, n = native_block(noun), range(len(values))
    assert block is not None
    try:
        return block("live", "topic", 3, list(n), [TIME_MS + at for at in n], values)
    except Exception:  # noqa: BLE001 (any means that they are read one by one)
        return None


def check(noun: str, values: list[bytes]) -> bool:
    """Whether a block was made; if so, it must hold the rows that are made one by one."""
    body = at_once(noun, values)
    if body is None:
        return False
    rows = one_by_one(noun, values)
    assert not any(isinstance(row, Undecodable) for row in rows)
    assert repr(as_read(body)) == repr(as_read(b"".join(sent(noun, rows))))  # repr: a NaN is not equal to itself
    return True


def test_nouns_with_bytes_in_them_have_no_block() -> None:
    assert set(BY_NOUN) - set(NOUNS) == {"frames", "audio", "packets", "utterances", "clips"}


@pytest.mark.parametrize("noun", NOUNS)
@settings(deadline=None)
@given(seeds=st.lists(st.integers(0, 10_000), min_size=1, max_size=40))
def test_good_records_make_a_block_of_their_rows(noun: str, seeds: list[int]) -> None:
    assert check(noun, [encode(record(noun, seed), 7) for seed in seeds])


@pytest.mark.parametrize("noun", NOUNS)
@settings(deadline=None)
@given(seeds=st.lists(st.integers(0, 50), min_size=1, max_size=4), data=st.data())
def test_broken_bytes_among_good_ones_are_never_read_otherwise(
    noun: str, seeds: list[int], data: st.DataObject
) -> None:
    values = [encode(record(noun, seed), 7) for seed in seeds]
    which = data.draw(st.integers(0, len(values) - 1))
    value = bytearray(values[which])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(5, len(value) - 1))
        odd = data.draw(st.one_of(st.binary(min_size=1, max_size=1), st.binary(max_size=12)))
        value[at : at + data.draw(st.integers(0, 3))] = odd
        if len(value) < 6:
            break
    check(noun, [*values[:which], bytes(value), *values[which + 1 :]])
    check(noun, [*values[:which], bytes(value[: data.draw(st.integers(5, len(value)))]), *values[which + 1 :]])


@pytest.mark.parametrize("noun", NOUNS)
@settings(deadline=None)
@given(bodies=st.lists(st.binary(max_size=120), min_size=1, max_size=3))
def test_nor_are_any_other_heaps_of_bytes(noun: str, bodies: list[bytes]) -> None:
    check(noun, [b"\0\0\0\0\7" + body for body in bodies])


def test_texts_of_any_length_and_many_labels_are_read() -> None:
    reasons = ["", "a", "ü" * 100, "long " * 100, "longer " * 5_000]
    made = [record("detections", n, reason=reasons[n % 5], stream_id=f"stream {n % 300}") for n in range(900)]
    assert check("detections", [encode(m, 7) for m in made])


def test_one_record_with_many_boxes_is_read_beside_those_with_few() -> None:
    many = [{"label": f"{n % 11}", "score": 0.5, "x1_px": n, "y1_px": 0, "x2_px": 0, "y2_px": 0, "keypoints": []}
            for n in range(700)]  # fmt: skip
    made = [record("detections", n, **({"boxes": many} if n == 3 else {})) for n in range(6)]
    assert check("detections", [encode(m, 7) for m in made])


def test_a_count_that_no_record_could_hold_is_given_up_at_once() -> None:
    value = encode(record("detections", 0, boxes=[]), 7)
    assert at_once("detections", [value[:-1] + b"\xfe\xff\xff\xff\x0f"]) is None


def test_a_number_that_its_column_can_not_hold_is_not_cut_off() -> None:
    schema = schema_text("detections").replace('"name":"width_px","type":"int"', '"name":"width_px","type":"long"')
    assert schema != schema_text("detections")
    out = BytesIO(b"\0\0\0\0\7")
    out.seek(5)
    schemaless_writer(out, parsed(schema), record("detections", 0).as_dict() | {"width_px": 2**31})
    assert at_once("detections", [out.getvalue()]) is None


@pytest.fixture
def databases(store: Any, database: str) -> Iterator[Databases]:
    names = Databases(database)
    ensure_schema(store, names)
    yield names
    drop(store, names)


@pytest.mark.store
@pytest.mark.network
def test_the_store_takes_blocks_and_rows_of_each_noun_for_the_same(
    store: Any, store_url: str, databases: Databases
) -> None:
    """By all columns, and by the token: a span may be written again by whoever makes rows of it."""
    address = StoreAddress(store_url, databases=databases)
    live, by_hand = ClickHouseWriter(address, "live"), ClickHouseWriter(address, "hand")
    for noun in NOUNS:
        values = [encode(record(noun, n, session_id="e", seq=n), 7) for n in range(40)]
        span = Span("topic", 3, 0, len(values), tuple(one_by_one(noun, values)))
        for made in (replace(span, rows=(), block=at_once(noun, values)), span):
            live.write(noun, made)
        by_hand.write(noun, replace(span, topic="hand", rows=tuple(("hand", *row[1:]) for row in span.rows)))
        columns = "partition, offset, recorded_at"
        found = store.query(
            f"SELECT run, count(), sum(sipHash64({columns})) FROM {databases.log}.{noun} GROUP BY run ORDER BY run"
        ).result_rows
        assert found[0][1] == len(values), noun
        assert found[0][1:] == found[1][1:], noun
    assert digests(store, "live", databases, NOUNS) == digests(store, "hand", databases, NOUNS)
    live.close()
    by_hand.close()


@pytest.mark.store
@pytest.mark.network
def test_many_rows_have_one_token_though_the_client_would_send_several_blocks(
    store: Any, store_url: str, databases: Databases
) -> None:
    writer = ClickHouseWriter(StoreAddress(store_url, databases=databases), "live")
    few = [record("detections", n, session_id="e", reason="why " * 100) for n in range(50)]
    values = [encode(replace(few[n % 50], seq=n), 7) for n in range(6_000)]
    span = Span("topic", 3, 0, len(values), tuple(one_by_one("detections", values)))
    assert len(sent("detections", list(span.rows))) > 1
    for made in (span, replace(span, rows=(), block=at_once("detections", values)), span):
        writer.write("detections", made)
        assert store.command(f"SELECT count() FROM {databases.log}.detections") == len(values)
    writer.close()

"""Messages in Avro object container files: any Avro tool reads them, and they come back byte for byte."""

from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.holds.container import BadFile, HeldMessage, read, readable, write
from schemas.codec import encode, schema_text
from schemas.records import BY_NOUN
from tests.connectors.records import record

NOUN = st.sampled_from(["frames", "audio", "packets", "streams"])
HEADERS = st.lists(st.tuples(st.text(max_size=5), st.none() | st.binary(max_size=5)), max_size=3).map(tuple)


def message(value: bytes | None, offset: int, **fields: Any) -> HeldMessage:
    made: dict[str, Any] = {"topic": "t.frames", "partition": 1, "offset": offset, "append_ms": 5, "key": b"door"}
    return HeldMessage(**(made | fields), value=value)


@pytest.mark.parametrize("schema", [None, schema_text("frames")])
def test_a_file_of_nothing_holds_nothing(schema: str | None) -> None:
    assert list(read(write([], schema))) == []
    assert list(fastavro.reader(BytesIO(write([], schema)))) == []


@settings(max_examples=50, deadline=None)
@given(NOUN, st.lists(HEADERS, min_size=1, max_size=5), st.integers(0, 2**31 - 1), st.booleans())
def test_records_come_back_as_the_very_messages(noun: str, headers: list[Any], schema_id: int, key: bool) -> None:
    records = [record(noun, seed) for seed in range(len(headers))]
    kept = [
        message(encode(r, schema_id), n * 3, headers=headers[n], key=b"door" if key else None)
        for n, r in enumerate(records)
    ]
    body = write(kept, schema_text(noun))
    assert list(read(body)) == kept
    assert body == write(kept, schema_text(noun)), "the same file for the same messages"
    plain: list[Any] = list(fastavro.reader(BytesIO(body)))
    assert [BY_NOUN[noun].from_dict(p["record"]) for p in plain] == records
    assert [(p["offset"], p["schema_id"]) for p in plain] == [(m.offset, schema_id) for m in kept]


@given(st.lists(st.none() | st.binary(max_size=300), min_size=1, max_size=5))
def test_what_is_no_record_is_kept_as_bytes(values: list[bytes | None]) -> None:
    kept = [message(value, n) for n, value in enumerate(values)]
    body = write(kept, None)
    assert list(read(body)) == kept
    assert [p["record"] for p in fastavro.reader(BytesIO(body))] == values  # type: ignore[index,call-overload]


def test_only_a_whole_record_is_readable() -> None:
    value = encode(record("audio", 1), 7)
    assert readable(value, schema_text("audio"))
    assert not readable(value + b"x", schema_text("audio"))
    assert not readable(value[:-1], schema_text("audio"))
    assert not readable(None, schema_text("audio"))
    assert not readable(value, None)


def test_many_messages_are_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.holds.container.BLOCK_BYTES", 100)
    kept = [message(encode(record("audio", n), 1), n) for n in range(20)]
    assert list(read(write(kept, schema_text("audio")))) == kept


def test_a_damaged_file_is_told_apart() -> None:
    body = write([message(encode(record("audio", 1), 7), 0)], schema_text("audio"))
    for broken in (b"", b"no avro", body[:-20], body[:-1] + bytes([body[-1] ^ 1])):
        with pytest.raises(BadFile):
            list(read(broken))

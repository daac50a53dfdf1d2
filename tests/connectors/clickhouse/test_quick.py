"""Rows read straight from bytes are those that fastavro's values give; what is not plainly good is left to it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.clickhouse.quick import LONGEST, Unusual, number, quick_row
from connectors.clickhouse.rows import row_maker
from schemas.codec import Undecodable, encode, plain_reader, schema_text
from tests.connectors.records import record
from topics.catalog import BY_NOUN

PLACE = ("live", "topic", 3, 12_345, 1_700_000_000_000)
NOUNS = [noun for noun in BY_NOUN if quick_row(noun) is not None]


def by_library(noun: str, value: bytes) -> Any:
    """The row by way of fastavro, or Undecodable."""
    read = plain_reader(BY_NOUN[noun].record, lambda _: schema_text(noun))(value)
    return read if isinstance(read, Undecodable) else row_maker(noun)(*PLACE, read)


def agrees(noun: str, value: bytes) -> bool:
    """Whether the quick row is the library's (True), or none was made of the bytes (False)."""
    quick = quick_row(noun)
    assert quick is not None
    try:
        row = quick(*PLACE, value)
    except Exception:  # noqa: BLE001 (any means that the library decides)
        return False
    assert repr(row) == repr(by_library(noun, value))  # repr: a NaN is not equal to itself
    return True


def test_only_packets_have_no_quick_row() -> None:
    assert set(BY_NOUN) - set(NOUNS) == {"packets"}


@pytest.mark.parametrize("noun", NOUNS)
@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_good_record_is_read_and_equals_the_librarys(noun: str, seed: int) -> None:
    assert agrees(noun, encode(record(noun, seed), 7))


@pytest.mark.parametrize("noun", NOUNS)
@settings(deadline=None)
@given(seed=st.integers(0, 50), data=st.data())
def test_broken_bytes_are_never_read_otherwise_than_by_the_library(
    noun: str, seed: int, data: st.DataObject
) -> None:
    value = bytearray(encode(record(noun, seed), 7))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(5, len(value) - 1))
        odd = data.draw(st.one_of(st.binary(min_size=1, max_size=1), st.binary(max_size=12)))
        value[at : at + data.draw(st.integers(0, 3))] = odd
        if len(value) < 6:
            break
    agrees(noun, bytes(value))
    agrees(noun, bytes(value[: data.draw(st.integers(5, len(value)))]))


@pytest.mark.parametrize("noun", NOUNS)
@settings(deadline=None)
@given(body=st.binary(max_size=120))
def test_nor_is_any_other_heap_of_bytes(noun: str, body: bytes) -> None:
    agrees(noun, b"\0\0\0\0\7" + body)


@pytest.mark.parametrize(
    ("raw", "value"),
    [(b"\x00", 0), (b"\x01", -1), (b"\x80\x01", 64), (b"\xff\x01", -128), (b"\xfe\xff\xff\xff\x0f", 2**31 - 1)],
)
def test_numbers_are_zigzag(raw: bytes, value: int) -> None:
    assert number(raw, 0) == (value, len(raw))


def test_a_number_that_could_pass_64_bits_is_the_librarys() -> None:
    assert number(b"\xff" * (LONGEST // 7) + b"\x7f", 0)[1] == LONGEST // 7 + 1
    with pytest.raises(Unusual):
        number(b"\xff" * (LONGEST // 7 + 1) + b"\x01", 0)

"""Records survive the wire, and bytes that are none of ours are told apart."""

import pytest

from schemas.codec import Undecodable, decode, encode, schema_text
from schemas.records import BY_NOUN, Box, Detections, Frame, Record, Ref

BUS = Detections(
    stream_id="door",
    session_id="s",
    seq=1,
    pts_us=100_000,
    frame=Ref(topic="framelog.frames", partition=0, offset=7),
    boxes=(Box(label="bus", score=0.5, x1_px=1, y1_px=2, x2_px=3, y2_px=4),),
)


def schema_of_detections(schema_id: int) -> str | None:
    return schema_text("detections") if schema_id == 3 else None


def test_a_record_comes_back_equal() -> None:
    assert decode(encode(BUS, 3), Detections, schema_of_detections) == BUS


@pytest.mark.parametrize("noun", sorted(BY_NOUN))
def test_an_end_mark_of_every_noun_comes_back_equal(noun: str) -> None:
    cls: type[Record] = BY_NOUN[noun]
    mark = cls(stream_id="a", session_id="b", seq=0, pts_us=0, end=True)
    assert decode(encode(mark, 1), cls, lambda _: schema_text(noun)) == mark


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "no value"),
        (b"", "0 bytes are too few"),
        (b"\x01\x00\x00\x00\x03xx", "first byte is 1"),
        (b"\x00\x00\x00\x00\x09xx", "schema id 9 is not in the registry"),
        (encode(BUS, 3)[:20], "not a Detections"),
    ],
)
def test_bytes_of_others_are_told_apart(value: bytes | None, why: str) -> None:
    verdict = decode(value, Detections, schema_of_detections)
    assert isinstance(verdict, Undecodable)
    assert why in verdict.reason


def test_a_value_of_another_noun_is_undecodable() -> None:
    frame = Frame(stream_id="a", session_id="b", seq=0, pts_us=0, image=b"\xff\xd8")
    verdict = decode(encode(frame, 1), Detections, lambda _: schema_text("frames"))
    assert isinstance(verdict, Undecodable)

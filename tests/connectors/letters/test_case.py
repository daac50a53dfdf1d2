"""Dead letters as values: places, cases, what is open, what is wanted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.letters.case import BadPlace, Letter, Spot, Wanted, cases, letter, spot
from schemas.identity import repaired_session_id
from topics.names import Names

FRAME, SOUND = Spot("framelog.frames", 1, 7), Spot("framelog.audio", 0, 3)


def about(origin: Spot, reader: str, reason: str = "no JPEG", stream: str = "door") -> Letter:
    return Letter(Spot(f"{origin.topic}.dlq", 0, 0), origin, reader, reason, stream, 0)


@given(st.from_regex(r"[a-z.]{1,9}", fullmatch=True), st.integers(0, 99), st.integers(0, 10**15))
def test_a_place_is_read_as_it_is_written(topic: str, partition: int, offset: int) -> None:
    place = Spot(topic, partition, offset)
    assert spot(str(place)) == place


@pytest.mark.parametrize("text", ["", "frames", "frames/1", "frames@1", "frames/x@1", "frames/1@-1", "a b/1@1"])
def test_what_is_no_place_says_how_one_is_written(text: str) -> None:
    with pytest.raises(BadPlace, match="TOPIC/PARTITION@OFFSET"):
        spot(text)


def test_a_message_that_does_not_say_whose_letter_it_is_is_none() -> None:
    headers = [
        ("__connect.errors.topic", b"framelog.frames"),
        ("__connect.errors.partition", b"1"),
        ("__connect.errors.offset", b"7"),
        ("framelog.station", b"faces"),
        ("framelog.reason", b"why"),
    ]
    at = Spot("framelog.frames.dlq", 1, 0)
    assert letter(at, b"door", headers, 5) == Letter(at, FRAME, "faces", "why", "door", 5)
    for missing in range(4):
        assert letter(at, None, headers[:missing] + headers[missing + 1 :], 5) is None
    assert letter(at, None, [*headers[:2], ("__connect.errors.offset", b"x"), headers[3]], 5) is None


def test_no_letters_make_no_cases() -> None:
    assert cases([], []) == []
    assert cases([], [(FRAME, "faces", "run x")]) == []


def test_letters_about_one_message_are_one_case_that_is_open_until_each_reader_is_dealt_with() -> None:
    letters = [
        about(FRAME, "faces"),
        about(SOUND, "sounds", "odd"),
        about(FRAME, "detections"),
        about(FRAME, "faces"),
    ]
    first, second = cases(letters, [(FRAME, "faces", "run x")])
    assert (first.origin, list(first.letters), first.open) == (FRAME, ["faces", "detections"], ["detections"])
    assert first.as_row()["state"] == "open"
    assert second.reasons == ["odd"]
    done, _ = cases(letters, [(FRAME, "faces", "run x"), (FRAME, "detections", "run x")])
    assert (done.open, done.as_row()["state"]) == ([], "run x")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [FRAME, SOUND]),
        (Wanted(topic="frames"), [FRAME]),
        (Wanted(topic="framelog.audio"), [SOUND]),
        (Wanted(stream="yard"), [SOUND]),
        (Wanted(reason="JPEG"), [FRAME]),
        (Wanted(places=(SOUND,)), [SOUND]),
        (Wanted(topic="packets"), []),
    ],
)
def test_cases_are_chosen_by_topic_stream_reason_and_place(wanted: Wanted, found: list[Spot]) -> None:
    known = cases([about(FRAME, "faces"), about(SOUND, "sounds", "odd", "yard")], [])
    assert [c.origin for c in known if wanted(c, Names())] == found


def test_what_was_dealt_with_is_chosen_only_if_asked_for() -> None:
    (case,) = cases([about(FRAME, "faces")], [(FRAME, "faces", "run x")])
    assert not Wanted()(case, Names())
    assert Wanted(handled=True)(case, Names())


def test_a_repaired_session_is_named_by_its_repairs_in_any_order() -> None:
    one = repaired_session_id("s", {"a/0@1": "x", "a/0@2": "y"})
    assert one == repaired_session_id("s", {"a/0@2": "y", "a/0@1": "x"})
    assert len({one, repaired_session_id("s", {"a/0@1": "x"}), repaired_session_id("t", {"a/0@1": "x"})}) == 3

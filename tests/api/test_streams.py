"""Sessions out of rows: state, lag, what is a file."""

from typing import Any
from uuid import uuid4

import pytest

from api.streams import session, utc
from tests.story import S, file_session


def row(noun: str, **given: Any) -> dict[str, Any]:
    plain = {"noun": noun, "first": 0, "last": 0, "ended": 0, "n": 1, "started": "2026-01-01 00:00:00.000",
             "written": "2026-01-01 00:00:09.000", "quiet_s": 0.0, "epoch": 0, "lost": 0, "width": 0, "height": 0,
             "mark": 0}  # fmt: skip
    return plain | given


def test_a_session_with_nothing_but_sound_has_no_picture() -> None:
    found = session(str(uuid4()), {"audio": row("audio", last=5 * S)})
    assert (found.has_video, found.has_audio, found.last_us, found.kind) == (False, True, 5 * S, "live")
    assert (found.behind_us, found.slowest) == (0, "")


def test_a_topic_with_nothing_but_an_end_mark_is_no_modality() -> None:
    found = session(
        file_session("x"), {"frames": row("frames", last=9), "audio": row("audio", n=0, ended=1, first=7)}
    )
    assert (found.has_video, found.has_audio, found.kind, found.first_us) == (True, False, "file", 0)


@pytest.mark.parametrize(
    ("quiet_s", "ended", "state"), [(0.0, 0, "live"), (60.0, 0, "quiet"), (0.0, 1, "ended"), (60.0, 1, "ended")]
)
def test_a_session_is_live_while_it_is_written_and_ended_by_its_mark_alone(
    quiet_s: float, ended: int, state: str
) -> None:
    assert session("s", {"frames": row("frames", quiet_s=quiet_s, ended=ended)}).state == state


def test_the_slowest_station_is_the_lag_and_those_that_speak_now_and_then_do_not_count() -> None:
    marks = {"tracks": 38, "speech": 20, "sounds": 40, "highlights": 3, "clips": 0, "streams": 10}
    nouns = {noun: row(noun, mark=at * S) for noun, at in marks.items()}
    found = session("s", {"frames": row("frames", last=40 * S), **nouns})
    assert (found.slowest, found.behind_us) == ("speech", 20 * S)
    nouns["speech"] |= {"ended": 1}
    assert session("s", {"frames": row("frames", last=40 * S), **nouns}).slowest == "tracks"


def test_times_of_the_store_are_told_in_utc() -> None:
    assert utc("2026-01-31 12:00:00.123") == "2026-01-31T12:00:00.123Z"
    assert utc("") == ""

"""The reader's rule: absurd numbers do not drag a stream along."""

from dataclasses import replace

import pytest

from processors.guard import FAR_SEQ, FAR_US, Guard, check
from tests.processors.toys import frame

NAN_US, MOST_US, EPOCH_US = -(1 << 63), (1 << 63) - 1, 1_760_000_000_000_000


@pytest.mark.parametrize("pts_us", [NAN_US, MOST_US])
def test_a_first_record_without_a_time_is_refused_and_the_next_is_taken(pts_us: int) -> None:
    checked = check(Guard(), frame("a", 0, pts_us=pts_us))
    assert checked.verdict == "back"
    assert (checked.guard.pts_us, checked.guard.seq) == (0, 0)
    assert check(checked.guard, frame("a", 1)).verdict == "take"


@pytest.mark.parametrize("pts_us", [NAN_US, MOST_US, EPOCH_US, FAR_US + 100_001])
def test_a_time_that_can_not_be_is_refused_at_the_time_that_was_reached(pts_us: int) -> None:
    guard = check(check(Guard(), frame("a", 0)).guard, frame("a", 1)).guard
    checked = check(guard, frame("a", 2, pts_us=pts_us))
    assert checked.verdict == "back"
    assert checked.guard == replace(guard, seq=2)
    assert check(checked.guard, frame("a", 3)).verdict == "take"


def test_a_stream_may_count_from_1970_and_may_rest_for_years() -> None:
    first = check(Guard(), frame("a", 0, pts_us=EPOCH_US))
    assert first.verdict == "take"
    assert check(first.guard, frame("a", 1, pts_us=EPOCH_US + FAR_US)).verdict == "take"


def test_an_end_mark_with_a_time_that_can_not_be_ends_where_the_stream_was() -> None:
    guard = check(Guard(), frame("a", 0, pts_us=7)).guard
    checked = check(guard, frame("a", 1, pts_us=MOST_US, end=True))
    assert checked.verdict == "take"
    assert (checked.guard.pts_us, checked.guard.ended) == (7, True)


def test_a_seq_that_can_not_be_changes_nothing() -> None:
    guard = check(Guard(), frame("a", 0)).guard
    checked = check(guard, frame("a", FAR_SEQ + 1))
    assert (checked.verdict, checked.guard) == ("astray", guard)
    assert check(guard, frame("a", FAR_SEQ)).verdict == "take"

"""Lags and rates out of offsets."""

from api.gauge import Snapshot, rate_hz


def test_an_empty_look_knows_nothing() -> None:
    empty = Snapshot()
    assert empty.topics() == []
    assert empty.records("a") == 0
    assert empty.lag("g", "a") is None
    assert rate_hz([], "a") == rate_hz([empty], "a") == 0


def test_lag_counts_from_the_committed_offset_or_the_begin_of_what_is_left() -> None:
    look = Snapshot(
        1.0, {("a", 0): 5, ("a", 1): 0}, {("a", 0): 10, ("a", 1): 4}, {"g": {("a", 0): 2, ("a", 1): 4}}
    )
    assert look.lag("g", "a") == 5
    assert look.records("a") == 9
    assert look.groups("a") == ["g"]
    assert look.partitions("a") == 2


def test_a_rate_is_what_came_between_the_first_and_the_last_look() -> None:
    looks = [Snapshot(t, {}, {("a", 0): n}) for t, n in ((0.0, 0), (2.0, 10), (4.0, 40))]
    assert rate_hz(looks, "a") == 10


def test_a_topic_that_was_made_anew_has_no_negative_rate() -> None:
    assert rate_hz([Snapshot(0.0, {}, {("a", 0): 9}), Snapshot(1.0, {}, {("a", 0): 0})], "a") == 0

"""A station stops because of its input, but not for one bad stream of several, nor for one record in a hundred."""

import random

from hypothesis import given
from hypothesis import strategies as st

from processors.poison import AT_START, VOUCHES, Poison


def test_nothing_was_counted_and_nothing_is_said() -> None:
    assert (Poison().verdict, Poison(["a"]).spoilt) == ("", {})


def test_fifty_bad_records_of_the_only_stream_stop_the_station_and_the_last_is_named() -> None:
    poison = Poison()
    poison.count("a")
    for n in range(50):
        assert not poison.verdict
        poison.count("a", f"frames/0@{n}: no JPEG")
    assert "50 bad records in a row" in poison.verdict
    assert "of stream a" in poison.verdict
    assert "frames/0@49: no JPEG" in poison.verdict


def test_bytes_without_sense_count_as_one_stream_whatever_their_keys() -> None:
    poison = Poison()
    for n in range(50):
        poison.count(f"key-{n}", "no magic byte")
    assert "unknown streams" in poison.verdict


@given(seed=st.integers(0, 1000))
def test_one_record_in_a_hundred_goes_on_and_one_in_three_does_not(seed: int) -> None:
    dice = random.Random(seed)
    few, many = Poison(), Poison()
    for _ in range(1500):
        few.count("a", "bad" if dice.random() < 0.01 else "")
        many.count("a", "bad" if dice.random() < 0.34 else "")
    assert (few.verdict, few.spoilt) == ("", {})
    assert many.verdict


def test_a_bad_stream_among_good_ones_stops_nobody_and_is_named() -> None:
    poison = Poison()
    for n in range(20_000):
        poison.count("good" if n % 1000 == 0 else "bad", "" if n % 1000 == 0 else "no JPEG")
    assert not poison.verdict
    assert set(poison.spoilt) == {""}  # never a good one: an unknown stream
    for _ in range(VOUCHES):
        poison.count("bad", "no JPEG")
    assert poison.verdict, "the good one has fallen silent"


def test_sessions_that_are_open_at_a_start_vouch_for_a_while() -> None:
    poison = Poison(["a", "b"])
    for _ in range(AT_START):
        poison.count("a", "bad")
    assert not poison.verdict
    assert set(poison.spoilt) == {"a"}
    poison.count("a", "bad")
    assert poison.verdict


def test_a_stream_that_is_well_again_is_no_longer_spoilt() -> None:
    poison = Poison(["good"])
    poison.count("cam")
    for _ in range(60):
        poison.count("cam", "bad")
    assert "cam" in poison.spoilt
    for _ in range(200):
        poison.count("cam")
    assert not poison.spoilt

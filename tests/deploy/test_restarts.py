"""When what died is started again."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.restarts import Deaths, Policy
from topics.limit import POISONED

EXACT = Policy(first_s=1, most_s=10, jitter=0, healthy_s=30, failing_after=3)


@pytest.mark.parametrize(("deaths", "wait_s"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (5000, 10)])
def test_each_death_in_a_row_doubles_the_wait_up_to_its_most(deaths: int, wait_s: float) -> None:
    assert Deaths(in_a_row=deaths).wait_s(EXACT, random.Random(0)) == wait_s


def test_a_long_life_makes_good_for_earlier_deaths() -> None:
    assert Deaths(5, 9).after(29.9, EXACT) == Deaths(6, 10)
    assert Deaths(5, 9).after(30.0, EXACT) == Deaths(1, 10)


def test_who_dies_often_in_a_row_is_failing() -> None:
    assert [Deaths(in_a_row=n).failing(EXACT) for n in range(5)] == [False, False, False, True, True]


@given(st.integers(0, 100), st.integers(), st.floats(0, 1))
def test_the_lot_shortens_a_wait_by_its_share_at_most(deaths: int, seed: int, jitter: float) -> None:
    drawn = Policy(first_s=1, most_s=10, jitter=jitter)
    longest = Deaths(in_a_row=deaths).wait_s(EXACT, random.Random(0))
    waited = Deaths(in_a_row=deaths).wait_s(drawn, random.Random(seed))
    assert longest * (1 - jitter) <= waited <= longest


def test_who_stopped_because_of_its_input_is_told_at_once_and_tried_again_after_a_minute() -> None:
    stopped = Deaths().after(2.0, Policy(), POISONED)
    assert stopped.failing(Policy())
    assert stopped.wait_s(Policy(), random.Random(0)) == 60
    assert stopped.after(2.0, EXACT, 70).wait_s(EXACT, random.Random(0)) == 2

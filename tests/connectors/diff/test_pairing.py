"""Who is who: the pairs of greatest total gain."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.diff.pairing import overlap, paired, time_overlap

GAINS = st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.sampled_from((0.25, 0.5, 0.75, 1.0)))


def test_nothing_is_paired_with_nothing() -> None:
    assert paired([], [], {}).pairs == ()
    assert paired([1], [], {}).lost == (0,)


def test_no_pair_is_made_that_is_not_allowed() -> None:
    found = paired([0, 1], [0, 1], {(0, 0): 0.9, (1, 0): 0.8})
    assert (found.pairs, found.lost, found.added) == (((0, 0),), (1,), (1,))


def test_the_best_pair_gives_way_where_all_together_gain_by_it() -> None:
    found = paired([0, 1], [0, 1], {(0, 0): 0.9, (0, 1): 0.8, (1, 0): 0.8})
    assert found.pairs == ((0, 1), (1, 0))


@settings(max_examples=300, deadline=None)
@given(GAINS)
def test_no_other_assignment_gains_more(gains: dict[tuple[int, int], float]) -> None:
    best = max(sum(gains.get((i, j), 0) for i, j in enumerate(order)) for order in permutations(range(5)))
    found = paired(range(5), range(5), gains)
    assert sum(gains[pair] for pair in found.pairs) == pytest.approx(best)


@settings(max_examples=300, deadline=None)
@given(GAINS, st.permutations("abcde"), st.permutations("abcde"))
def test_sides_can_be_swapped_also_where_there_are_ties(
    gains: dict[tuple[int, int], float], left: list[str], right: list[str]
) -> None:
    there = paired(left, right, gains)
    back = paired(right, left, {(j, i): gain for (i, j), gain in gains.items()})
    assert sorted((j, i) for i, j in back.pairs) == list(there.pairs)


@pytest.mark.parametrize(
    ("a", "b", "want"),
    [
        ((0, 0, 0, 0), (0, 0, 0, 0), 1.0),
        ((0, 0, 0, 0), (0, 0, 9, 9), 0.0),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 1 / 3),
        ((0, 0, 10, 10), (0, 0, 10, 5), 0.5),
    ],
)
def test_overlap_of_boxes(a: tuple[float, ...], b: tuple[float, ...], want: float) -> None:
    assert overlap(a, b) == overlap(b, a) == pytest.approx(want)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("a", "b", "want"), [((0, 0), (0, 0), 1), ((0, 4), (4, 8), 0), ((0, 4), (2, 6), 1 / 3), ((0, 4), (9, 10), 0)]
)
def test_overlap_of_times(a: tuple[int, int], b: tuple[int, int], want: float) -> None:
    assert time_overlap(a, b) == time_overlap(b, a) == pytest.approx(want)

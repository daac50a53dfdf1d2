"""Bins and spans: nothing is lost, no hole is bridged, no more marks than pixels."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bins import SEVERAL, Cell, bands, bin_width_us, crowded, spans

SPANS: list[tuple[str, list[Cell], int, list[tuple[str, int, int, int]]]] = [
    ("nothing", [], 10, []),
    ("one", [Cell("a", 0, 5)], 10, [("a", 0, 5, 1)]),
    ("touching", [Cell("a", 0, 5), Cell("a", 5, 9)], 0, [("a", 0, 9, 2)]),
    ("a gap that is small enough", [Cell("a", 0, 5), Cell("a", 15, 20)], 10, [("a", 0, 20, 2)]),
    ("a hole", [Cell("a", 0, 5), Cell("a", 16, 20)], 10, [("a", 0, 5, 1), ("a", 16, 20, 1)]),
    ("two keys do not meet", [Cell("a", 0, 5), Cell("b", 5, 9)], 10, [("a", 0, 5, 1), ("b", 5, 9, 1)]),
    ("out of order", [Cell("a", 5, 9), Cell("a", 0, 5)], 0, [("a", 0, 9, 2)]),
    ("one within another", [Cell("a", 0, 9), Cell("a", 2, 3)], 0, [("a", 0, 9, 2)]),
]
cells = st.lists(
    st.builds(
        lambda key, start, long, n: Cell(key, start, start + long, n),
        st.sampled_from("abc"), st.integers(0, 10_000), st.integers(1, 500), st.integers(1, 9),
    )
)  # fmt: skip


@pytest.mark.parametrize(("_name", "given_", "gap", "wanted"), SPANS, ids=[s[0] for s in SPANS])
def test_cells_join_into_spans(_name: str, given_: list[Cell], gap: int, wanted: list[Any]) -> None:
    assert [(c.key, c.start_us, c.end_us, c.count) for c in spans(given_, gap)] == wanted


@given(cells, st.integers(0, 1000))
def test_spans_keep_every_count_and_every_moment_and_leave_holes_open(given_: list[Cell], gap: int) -> None:
    joined = spans(given_, gap)
    assert sum(c.count for c in joined) == sum(c.count for c in given_)
    for cell in given_:
        assert any(s.key == cell.key and s.start_us <= cell.start_us and cell.end_us <= s.end_us for s in joined)
    for key in {c.key for c in joined}:
        mine = [c for c in joined if c.key == key]
        assert all(b.start_us - a.end_us > gap for a, b in itertools.pairwise(mine))


@given(cells, st.integers(0, 1000))
def test_bands_never_overlap(given_: list[Cell], gap: int) -> None:
    joined = bands(given_, gap)
    assert all(a.end_us <= b.start_us or a.start_us == b.start_us for a, b in itertools.pairwise(joined))
    assert sum(c.count for c in joined) == sum(c.count for c in given_)


@given(cells, st.integers(1, 1000))
def test_a_crowd_is_no_finer_than_the_screen_and_keeps_what_is_wide(given_: list[Cell], narrow: int) -> None:
    shown = crowded(given_, narrow)
    assert sum(c.count for c in shown) == sum(c.count for c in given_)
    wide = [c for c in given_ if c.end_us - c.start_us >= narrow]
    assert all(c in shown for c in wide)
    rest = list(shown)
    for c in wide:
        rest.remove(c)
    assert all(
        b.start_us - a.end_us >= narrow for a, b in itertools.pairwise(sorted(rest, key=lambda c: c.start_us))
    )


def test_who_stands_alone_keeps_its_name_in_a_crowd() -> None:
    assert crowded([], 10) == []
    assert crowded([Cell("a", 0, 5)], 10) == [Cell("a", 0, 5)]
    assert crowded([Cell("a", 0, 5), Cell("b", 6, 8), Cell("c", 50, 51)], 10) == [
        Cell(SEVERAL, 0, 8, 2), Cell("c", 50, 51)
    ]  # fmt: skip


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**13), st.integers(1, 8192))
def test_there_are_never_more_bins_than_pixels_and_the_width_is_a_round_one(at: int, long: int, px: int) -> None:
    width = bin_width_us(at, at + long, px)
    assert width * px >= long
    assert str(width).rstrip("0") in {"1", "2", "5"}


@pytest.mark.parametrize(("to_us", "px"), [(0, 100), (-1, 100), (10, 0)])
def test_an_empty_view_has_no_bins(to_us: int, px: int) -> None:
    with pytest.raises(ValueError, match="empty view"):
        bin_width_us(0, to_us, px)

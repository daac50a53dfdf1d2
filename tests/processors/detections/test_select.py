import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.detections.found import Found, nothing
from processors.detections.select import clipped, ranked, select, suppress


def found(*rows: tuple[float, float, float, float, float, int]) -> Found:
    table = np.array(rows, np.float32).reshape(-1, 6)
    points = np.zeros((len(table), 0, 3), np.float32)
    return Found(table[:, :4].copy(), table[:, 4].copy(), table[:, 5].astype(np.int64), points)


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ([], []),
        ([(0, 0, 10, 10, 0.9, 0)], [0.9]),
        ([(0, 0, 10, 10, 0.8, 0), (0, 0, 10, 10, 0.9, 0)], [0.9]),
        ([(0, 0, 10, 10, 0.8, 1), (0, 0, 10, 10, 0.9, 0)], [0.9, 0.8]),
        ([(0, 0, 10, 10, 0.8, 0), (20, 0, 30, 10, 0.9, 0)], [0.9, 0.8]),
        # The middle one goes with the first, so the last, which only overlaps the middle one, stays.
        ([(0, 0, 10, 10, 0.9, 0), (4, 0, 14, 10, 0.8, 0), (8, 0, 18, 10, 0.7, 0)], [0.9, 0.7]),
        ([(200, 0, 210, 10, 0.9, 0), (-5, -5, 10, 10, 0.8, 0)], [0.8]),
    ],
    ids=["nothing", "one", "same box", "other label", "apart", "chain", "outside"],
)
def test_the_better_of_two_that_overlap_stays(
    given_: list[tuple[float, float, float, float, float, int]], wanted: list[float]
) -> None:
    got = select(found(*given_), allowed=None, max_iou=0.4, max_boxes=9, width_px=100, height_px=100)
    np.testing.assert_allclose(got.score, wanted, rtol=1e-6)


def test_only_allowed_labels_are_told_and_no_more_than_wanted() -> None:
    rows = found(*((20.0 * i, 0, 20.0 * i + 10, 10, 0.5 + i / 100, i % 2) for i in range(5)))
    kept = select(rows, allowed=np.array([0]), max_iou=0.5, max_boxes=2, width_px=100, height_px=100)
    assert kept.label.tolist() == [0, 0]
    np.testing.assert_allclose(kept.score, [0.54, 0.52], rtol=1e-6)


def test_nothing_stays_nothing_through_every_step() -> None:
    none = nothing(17)
    assert len(clipped(none, 10, 10)) == 0
    assert len(ranked(none.xyxy, none.score, none.label)) == 0
    assert len(suppress(none.xyxy, none.label, 0.5)) == 0
    assert none.points.shape == (0, 17, 3)


def test_arrays_of_unequal_length_are_refused_with_both_shapes() -> None:
    with pytest.raises(ValueError, match=r"expected n × 4.*got"):
        Found(np.zeros((2, 4), np.float32), np.zeros(1, np.float32), np.zeros(2, np.int64), nothing().points)


corner = st.integers(-20, 120)
row = st.tuples(corner, corner, st.integers(1, 60), st.integers(1, 60), st.integers(1, 10), st.integers(0, 2))


@given(st.lists(row, max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_candidates_changes_nothing_and_what_stays_keeps_apart(
    rows: list[tuple[int, int, int, int, int, int]],
    shuffle: object,
) -> None:
    boxes = [(float(x), float(y), float(x + w), float(y + h), s / 10, c) for x, y, w, h, s, c in set(rows)]
    mixed = list(boxes)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    settings = {"allowed": None, "max_iou": 0.5, "max_boxes": 50, "width_px": 100, "height_px": 100}
    one, other = select(found(*boxes), **settings), select(found(*mixed), **settings)  # type: ignore[arg-type]
    np.testing.assert_array_equal(one.xyxy, other.xyxy)
    np.testing.assert_array_equal(one.label, other.label)
    assert (np.diff(one.score) <= 0).all()
    assert (one.xyxy >= 0).all()
    assert (one.xyxy <= 100).all()
    assert suppress(found(*boxes).xyxy[:0], np.zeros(0, np.int64), 0.5).shape == (0,)

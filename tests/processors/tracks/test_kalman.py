import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.tracks.kalman import begin, correct, predict

BOX = (100.0, 50.0, 140.0, 150.0)
place = st.floats(-500, 2000)
size = st.floats(5, 800)


def test_a_box_begins_where_it_was_seen_and_at_rest() -> None:
    motion = begin(BOX)
    assert motion.corners == pytest.approx(BOX)
    assert predict(motion, lost=False).corners == pytest.approx(BOX)


def test_steady_movement_is_learnt() -> None:
    motion = begin(BOX)
    for i in range(1, 30):
        motion = correct(predict(motion, lost=False), (100.0 + 5 * i, 50.0, 140.0 + 5 * i, 150.0))
    assert motion.x.speed == pytest.approx(5, abs=0.1)
    assert predict(motion, lost=False).corners[0] == pytest.approx(100 + 5 * 30, abs=1)


def test_what_is_lost_moves_on_but_keeps_its_height() -> None:
    motion = begin(BOX)
    for i in range(1, 10):
        motion = correct(predict(motion, lost=False), (100.0, 50.0, 140.0, 150.0 + 5 * i))
    assert motion.height.speed > 1
    assert predict(motion, lost=True).height.at == motion.height.at
    assert predict(motion, lost=False).height.at > motion.height.at


@given(place, place, size, size, st.lists(st.tuples(place, place, size, size), max_size=8))
def test_four_small_filters_are_the_one_large_filter(
    x: float, y: float, w: float, h: float, boxes: list[tuple[float, float, float, float]]
) -> None:
    """Against the 8 × 8 filter written out in matrices."""
    motion = begin((x, y, x + w, y + h))
    mean = np.array([x + w / 2, y + h / 2, w / h, h, 0, 0, 0, 0])
    cov = np.diag(np.square([h / 10, h / 10, 1e-2, h / 10, h / 16, h / 16, 1e-5, h / 16]))
    step = np.eye(8) + np.eye(8, k=4)
    look = np.eye(4, 8)
    for bx, by, bw, bh in boxes:
        size_px = mean[3]
        noise = np.square([*[size_px / 20] * 2, 1e-2, size_px / 20, *[size_px / 160] * 2, 1e-5, size_px / 160])
        mean, cov = step @ mean, step @ cov @ step.T + np.diag(noise)
        seen = np.array([bx + bw / 2, by + bh / 2, bw / bh, bh])
        spread = look @ cov @ look.T + np.diag(np.square([*[mean[3] / 20] * 2, 1e-1, mean[3] / 20]))
        gain = cov @ look.T @ np.linalg.inv(spread)
        mean, cov = mean + gain @ (seen - look @ mean), cov - gain @ spread @ gain.T
        motion = correct(predict(motion, lost=False), (bx, by, bx + bw, by + bh))
    axes = (motion.x, motion.y, motion.aspect, motion.height)
    np.testing.assert_allclose([a.at for a in axes], mean[:4], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose([a.speed for a in axes], mean[4:], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose([a.var_at for a in axes], np.diag(cov)[:4], rtol=1e-5, atol=1e-9)

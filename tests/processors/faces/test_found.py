import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.faces.found import FoundFace, cut, largest_first, square


@pytest.mark.parametrize(
    ("boxes", "wanted"),
    [
        ([], []),
        ([(0, 0, 10, 10)], [(0, 0, 10, 10)]),
        ([(0, 0, 10, 10), (50, 50, 80, 80)], [(50, 50, 80, 80), (0, 0, 10, 10)]),
        ([(60, 0, 70, 10), (0, 0, 10, 10)], [(0, 0, 10, 10), (60, 0, 70, 10)]),
        ([(-20, -20, 5, 5)], [(0, 0, 5, 5)]),
        ([(-20, -20, 0.5, 5), (200, 0, 220, 20)], []),
    ],
    ids=["none", "one", "larger first", "equal by place", "cut", "outside"],
)
def test_faces_come_largest_first_inside_the_picture(
    boxes: list[tuple[float, float, float, float]], wanted: list[tuple[float, float, float, float]]
) -> None:
    assert [f.box for f in largest_first([FoundFace(0.9, b) for b in boxes], 100, 100)] == wanted


def test_a_square_stands_about_the_middle_of_the_box() -> None:
    assert square((10, 20, 30, 60), 0.0) == (0, 20, 40, 60)
    assert square((10, 20, 30, 60), 0.25) == (-10, 10, 50, 70)


def test_what_lies_outside_repeats_the_edge() -> None:
    picture = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
    piece = cut(picture, (-2, -2, 2, 2), 0.0)
    assert piece.shape == (4, 4, 3)
    assert (piece[:3, :3] == picture[0, 0]).all()
    assert (piece[3, 3] == picture[1, 1]).all()


side = st.floats(0.1, 200)
place = st.floats(-300, 300)


@given(place, place, side, side, st.floats(0, 1))
def test_any_box_cuts_out_something(x: float, y: float, w: float, h: float, margin: float) -> None:
    piece = cut(np.zeros((40, 60, 3), np.uint8), (x, y, x + w, y + h), margin)
    assert piece.shape[0] >= 1
    assert piece.shape[1] >= 1

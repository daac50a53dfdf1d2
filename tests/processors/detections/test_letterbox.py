import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.detections.found import Found, nothing
from processors.detections.letterbox import GREY, Fit, back, fit, letterbox


@pytest.mark.parametrize(
    ("width", "height", "centred", "wanted"),
    [
        (1, 1, True, Fit(320, 320, 320, 0, 0)),
        (320, 320, True, Fit(1, 320, 320, 0, 0)),
        (640, 360, True, Fit(0.5, 320, 180, 0, 70)),
        (640, 360, False, Fit(0.5, 320, 180, 0, 0)),
        (360, 640, True, Fit(0.5, 180, 320, 70, 0)),
        (10000, 1, True, Fit(0.032, 320, 1, 0, 159)),
    ],
)
def test_the_picture_fits_the_square(width: int, height: int, centred: bool, wanted: Fit) -> None:
    assert fit(width, height, 320, centred=centred) == wanted


def test_the_square_is_grey_beside_the_picture() -> None:
    square, where = letterbox(np.full((36, 64, 3), 7, np.uint8), 32)
    assert (square[where.top_px : where.top_px + where.height_px] == 7).all()
    assert (square[: where.top_px] == GREY).all()
    assert (square[where.top_px + where.height_px :] == GREY).all()


def test_nothing_comes_back_as_nothing() -> None:
    assert len(back(nothing(17), fit(640, 360, 320))) == 0


@given(st.integers(8, 4000), st.integers(8, 4000), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_a_place_in_the_picture_comes_back_from_the_square(
    width: int, height: int, across: float, down: float, centred: bool
) -> None:
    where = fit(width, height, 320, centred=centred)
    x, y = across * width, down * height
    there = (x * where.scale + where.left_px, y * where.scale + where.top_px)
    box = np.array([[*there, *there]], np.float32)
    points = np.array([[[*there, 1.0]]], np.float32)
    home = back(Found(box, np.ones(1, np.float32), np.zeros(1, np.int64), points), where)
    tolerance = 320 * 1e-6 / where.scale
    np.testing.assert_allclose(home.xyxy[0], [x, y, x, y], rtol=1e-5, atol=tolerance)
    np.testing.assert_allclose(home.points[0, 0], [x, y, 1], rtol=1e-5, atol=tolerance)

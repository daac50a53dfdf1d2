"""Planes of a decoder become a JPEG's planes, in the colours that they stand for."""

from typing import Any

import av
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from connectors.sources.items import Picture
from connectors.sources.pictures import Coder, upright
from connectors.sources.planes import WEIGHTS_601, WEIGHTS_709, Planes, matrix

UNSPECIFIED, LIMITED, FULL = 0, 1, 2
Array = NDArray[Any]


def frame_of(planes: tuple[Array, Array, Array], space: int, range_: int, name: str = "yuv420p") -> Any:
    height, width = planes[0].shape
    frame: Any = av.VideoFrame(width, height, name)
    for to, pixels in zip(frame.planes, planes, strict=True):
        rows = np.zeros((to.height, to.line_size), np.uint8)
        rows[:, : to.width] = pixels
        to.update(rows.tobytes())
    frame.colorspace, frame.color_range = space, range_
    return frame


def exact(planes: tuple[Array, Array, Array], space: int, full: bool) -> Array:
    """Luma and chroma of full range by BT.601's weights, in doubles, one for each pixel."""
    luma, blue, red = (p.astype(float) for p in planes)
    if full:
        luma, blue, red = luma / 255, (blue - 128) / 255, (red - 128) / 255
    else:
        luma, blue, red = (luma - 16) / 219, (blue - 128) / 224, (red - 128) / 224
    each = np.stack([luma, *(c.repeat(2, 0).repeat(2, 1) for c in (blue, red))], -1)
    if space == 1:
        each = each @ np.linalg.inv(matrix(*WEIGHTS_709)).T @ matrix(*WEIGHTS_601).T
    return np.clip(each * 255 + (0, 128, 128), 0, 255)


@given(
    seed=st.integers(0, 2**32 - 1),
    half=st.tuples(st.integers(1, 40), st.integers(1, 20)),
    space=st.sampled_from([1, 2, 5, 6]),
    range_=st.sampled_from([UNSPECIFIED, LIMITED, FULL]),
)
def test_every_plane_is_within_rounding_of_an_exact_conversion(
    seed: int, half: tuple[int, int], space: int, range_: int
) -> None:
    random, (width, height) = np.random.default_rng(seed), half
    planes = tuple(
        random.integers(0, 256, (height * n, width * n), dtype=np.uint8) for n in (2, 1, 1)
    )  # all values, also those that limited range does not have
    got = Planes()(frame_of(planes, space, range_))  # type: ignore[arg-type]
    assert got is not None
    wanted = exact(planes, space, range_ == FULL)  # type: ignore[arg-type]
    assert np.abs(got[0] - wanted[..., 0]).max() <= 1.01  # luma is a sum of two that were rounded
    for n in (1, 2):
        assert np.abs(got[n] - wanted[::2, ::2, n]).max() <= 0.51


def smooth(width: int, height: int) -> tuple[Array, Array, Array]:
    """Planes without edges, within limited range, all of whose colours are ones that RGB has."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    luma, blue, red = 90 + 70 * x, 110 + 40 * y, 150 - 40 * x
    return luma.astype(np.uint8), blue[::2, ::2].astype(np.uint8), red[::2, ::2].astype(np.uint8)


@pytest.mark.parametrize("space", [1, 2, 6])
@pytest.mark.parametrize(("name", "range_"), [("yuv420p", LIMITED), ("yuv420p", FULL), ("yuvj420p", FULL)])
def test_a_picture_shows_the_colours_that_its_tags_say(space: int, name: str, range_: int) -> None:
    frame = frame_of(smooth(160, 96), space, range_, name)
    assert Planes()(frame) is not None
    image, width_px, height_px = Coder(95)(Picture(0, frame))
    assert (width_px, height_px) == (160, 96)
    shown = simplejpeg.decode_jpeg(image, "BGR").astype(float)
    # FFmpeg cuts where it should round: 1.5 steps below at most.
    assert np.abs((shown - upright(frame)).mean((0, 1))).max() < 1.6


@pytest.mark.parametrize(
    ("name", "space", "size"),
    [
        ("yuv444p", 2, (32, 16)),
        ("yuv422p", 2, (32, 16)),
        ("yuv420p10le", 2, (32, 16)),
        ("nv12", 2, (32, 16)),
        ("gray", 2, (32, 16)),
        ("yuv420p", 9, (32, 16)),  # BT.2020
        ("yuv420p", 2, (33, 16)),
        ("yuv420p", 2, (32, 15)),
    ],
)
def test_other_formats_colours_and_odd_sizes_go_by_way_of_bgr(
    name: str, space: int, size: tuple[int, int]
) -> None:
    frame: Any = av.VideoFrame(*size, name)
    for plane in frame.planes:
        plane.update(bytes([100]) * plane.buffer_size)
    frame.colorspace = space
    assert Planes()(frame) is None
    image, *shape = Coder(85)(Picture(0, frame))
    assert tuple(shape) == size
    shown = simplejpeg.decode_jpeg(image, "BGR").astype(float)
    assert np.abs(shown - upright(frame)).mean() < 3


def test_a_turned_picture_is_turned() -> None:
    frame = frame_of(smooth(160, 96), 2, LIMITED)
    image, *shape = Coder(95)(Picture(0, frame, turn_deg=90))
    assert shape == [96, 160]
    assert np.abs(simplejpeg.decode_jpeg(image, "BGR").astype(float) - upright(frame, 90)).mean() < 2


def test_a_picture_of_another_size_does_not_disturb_the_next() -> None:
    coder = Coder(85)
    small, large = (Picture(0, frame_of(smooth(*size), 1, LIMITED)) for size in ((32, 16), (160, 96)))
    once = coder(small)
    coder(large)
    assert coder(small) == once

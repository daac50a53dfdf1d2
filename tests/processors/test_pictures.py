import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from processors.pictures import decode
from processors.station import Rejected

WHOLE = simplejpeg.encode_jpeg(
    np.random.default_rng(1).integers(0, 256, (48, 64, 3)).astype(np.uint8), 85, "BGR", "420"
)


def test_a_jpeg_is_a_picture_of_its_size_blue_first() -> None:
    blue = np.zeros((48, 64, 3), np.uint8)
    blue[:, :, 0] = 200
    picture = decode(simplejpeg.encode_jpeg(blue, 95, "BGR", "420"))
    assert not isinstance(picture, Rejected)
    assert picture.shape == (48, 64, 3)
    assert picture[:, :, 0].mean() > 150 > picture[:, :, 2].mean()


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "the frame holds no picture"),
        (b"GIF89a", "not a whole JPEG"),
        (WHOLE[: len(WHOLE) // 2], "not a whole JPEG"),
        (WHOLE[2:], "not a whole JPEG"),
    ],
    ids=["empty", "other format", "half", "without its begin"],
)
def test_what_is_no_whole_jpeg_is_said_to_be_none(image: bytes, reason: str) -> None:
    verdict = decode(image)
    assert isinstance(verdict, Rejected)
    assert verdict.reason.startswith(reason)


def test_a_picture_bomb_is_refused_by_its_header_alone() -> None:
    at = WHOLE.index(b"\xff\xc0") + 5
    bomb = WHOLE[:at] + b"\xfd\xe8\xfd\xe8" + WHOLE[at + 4 :]
    verdict = decode(bomb)
    assert isinstance(verdict, Rejected)
    assert verdict.reason == "a picture of 65000x65000 is larger than 40 megapixels"


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=5), st.booleans())
def test_damaged_bytes_are_a_picture_or_a_reason_never_an_error(damage: list[tuple[int, int]], cut: bool) -> None:
    image = bytearray(WHOLE)
    for place, value in damage:
        image[place] = value
    got = decode(bytes(image[: len(image) - 700] if cut else image), max_megapixels=1)
    assert isinstance(got, Rejected) or got.ndim == 3

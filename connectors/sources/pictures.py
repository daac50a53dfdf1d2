"""A decoded frame of any pixel format to an upright JPEG."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

# A record may have 4 MiB (topics.topic); a picture above this is encoded again, coarser.
MOST_BYTES = 3_900_000


def upright(frame: Any, turn_deg: int = 0) -> NDArray[np.uint8]:
    """Pixels in rows of BGR, turned as the container asks (`av.VideoFrame.rotation`, counterclockwise), or by
    `turn_deg` clockwise where that is not known of the frame.
    """
    pixels = frame.to_ndarray(format="bgr24", threads=1)
    turns = round((frame.rotation - turn_deg) / 90) % 4
    return cast("NDArray[np.uint8]", pixels if turns == 0 else np.ascontiguousarray(np.rot90(pixels, turns)))


def jpeg(pixels: NDArray[np.uint8], quality: int, most_bytes: int = MOST_BYTES) -> bytes:
    """JPEG with 4:2:0 chroma at `quality`, or at the next lower one (by 15) with which it fits into a record."""
    import simplejpeg

    while True:
        image: bytes = simplejpeg.encode_jpeg(pixels, quality, "BGR", "420")
        if len(image) <= most_bytes or quality == 1:
            return image
        quality = max(1, quality - 15)

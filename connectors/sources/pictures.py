"""A decoded frame of any pixel format to an upright JPEG."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from connectors.sources.items import Picture
from connectors.sources.planes import Planes

# A record may have 4 MiB (topics.topic); a picture above this is encoded again, coarser.
MOST_BYTES = 3_900_000


class Coder:
    """Pictures to JPEGs with 4:2:0 chroma at `quality`, one after another; for one thread.

    What the decoder gives as 8 bit 4:2:0 goes into the JPEG as planes; everything else, and what has to be turned,
    by way of BGR.
    """

    def __init__(self, quality: int) -> None:
        self._quality = quality
        self._planes = Planes()

    def __call__(self, picture: Picture) -> tuple[bytes, int, int]:
        """JPEG, width and height of a picture, upright."""
        import simplejpeg

        frame = picture.frame
        if turns(frame, picture.turn_deg) == 0 and (planes := self._planes(frame)) is not None:
            image = fitting(lambda q: simplejpeg.encode_jpeg_yuv_planes(*planes, q), self._quality)
            return image, frame.width, frame.height
        pixels = upright(frame, picture.turn_deg)
        return jpeg(pixels, self._quality), pixels.shape[1], pixels.shape[0]


def turns(frame: Any, turn_deg: int = 0) -> int:
    """Quarter turns, counterclockwise, that show a frame upright: as the container asks (`av.VideoFrame.rotation`)
    and, where that is not known of the frame, `turn_deg` clockwise.
    """
    return int(round((frame.rotation - turn_deg) / 90) % 4)


def upright(frame: Any, turn_deg: int = 0) -> NDArray[np.uint8]:
    """Pixels in rows of BGR, upright."""
    pixels, quarters = frame.to_ndarray(format="bgr24", threads=1), turns(frame, turn_deg)
    return cast("NDArray[np.uint8]", pixels if quarters == 0 else np.ascontiguousarray(np.rot90(pixels, quarters)))


def jpeg(pixels: NDArray[np.uint8], quality: int, most_bytes: int = MOST_BYTES) -> bytes:
    """Rows of BGR as a JPEG that fits into a record."""
    import simplejpeg

    return fitting(lambda q: simplejpeg.encode_jpeg(pixels, q, "BGR", "420"), quality, most_bytes)


def fitting(code: Callable[[int], bytes], quality: int, most_bytes: int = MOST_BYTES) -> bytes:
    """What `code` makes at `quality`, or at the next lower one (by 15) with which it fits into a record."""
    while len(image := code(quality)) > most_bytes and quality > 1:
        quality = max(1, quality - 15)
    return image

"""The planes that a decoder gives to those that a JPEG holds, without a detour over RGB.

Both are luma and two chroma planes of half the size. A JPEG's are full range by BT.601's weights (JFIF 1.02); a
video's are mostly limited range (16 … 235, 16 … 240), in HD by BT.709's. From one to the other is one affine map.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
# `AVCOL_SPC_*`: BT.709; unspecified, BT.470BG and SMPTE 170M, all three the weights of BT.601 (ITU-T H.273, 8.3).
# FFmpeg takes unspecified for BT.601 too, whatever the size.
BT709, BT601 = frozenset({1}), frozenset({2, 5, 6})
FULL_RANGE = 2  # AVCOL_RANGE_JPEG
# Red's and blue's weight in luma.
WEIGHTS_601, WEIGHTS_709 = (0.299, 0.114), (0.2126, 0.0722)


def matrix(red: float, blue: float) -> NDArray[np.float64]:
    """RGB to luma and chroma (-½ … ½) for red's and blue's weight in luma (H.273, 8.3, equations 45 to 47)."""
    weights = np.array([red, 1 - red - blue, blue])
    blue_row = (np.array([0, 0, 1]) - weights) / (2 - 2 * blue)
    red_row = (np.array([1, 0, 0]) - weights) / (2 - 2 * red)
    return np.array([weights, blue_row, red_row])


TO_601 = matrix(*WEIGHTS_601) @ np.linalg.inv(matrix(*WEIGHTS_709))


class Planes:
    """Makes a JPEG's planes of decoded frames, into buffers of its own: the next call overwrites them.

    A fresh buffer for each picture would cost more than the arithmetic: the kernel hands out its pages one by one
    (M: 1.0 ms instead of 0.25 for 720p).
    """

    def __init__(self) -> None:
        import cv2

        self._add = cv2.addWeighted
        self._size = (0, 0)

    def __call__(self, frame: Any) -> tuple[Plane, Plane, Plane] | None:
        """Luma and chroma of an `av.VideoFrame`; None unless it is 8 bit 4:2:0 of even size in known colours."""
        width, height, name = frame.width, frame.height, frame.format.name
        if name not in ("yuv420p", "yuvj420p") or width % 2 or height % 2:
            return None
        space = int(frame.colorspace)
        if space not in BT601 and space not in BT709:
            return None
        full = name == "yuvj420p" or int(frame.color_range) == FULL_RANGE
        planes = frame.planes
        if any(plane.line_size < plane.width for plane in planes):  # stored from the bottom up
            return None
        luma, blue, red = (_rows(plane) for plane in planes)
        if space in BT601 and full:
            return luma, blue, red
        self._sized(width, height)
        # What is left of limited range: 219 steps of luma, 224 of chroma.
        steps, chroma_steps, black = (1.0, 1.0, 0.0) if full else (255 / 219, 255 / 224, 16.0)
        if space in BT709:
            self._weighed(luma, blue, red, (steps, chroma_steps, black))
        else:
            self._sum(luma, steps, luma, 0.0, -black * steps, self._luma)
            for plane, out in ((blue, self._blue), (red, self._red)):
                self._sum(plane, chroma_steps, plane, 0.0, 128 - 128 * chroma_steps, out)
        return self._luma, self._blue, self._red

    def _sum(self, a: Plane, of_a: float, b: Plane, of_b: float, constant: float, out: Plane) -> None:
        """`a`·of_a + `b`·of_b + constant, rounded, cut to 0 … 255."""
        self._add(a, of_a, b, of_b, constant, out)

    def _sized(self, width: int, height: int) -> None:
        if self._size != (width, height):
            self._size = (width, height)
            self._luma = np.empty((height, width), np.uint8)
            self._blue, self._red, self._shift = (np.empty((height // 2, width // 2), np.uint8) for _ in range(3))
            self._doubled = np.empty((height // 2, width // 2), np.uint16)

    def _weighed(self, luma: Plane, blue: Plane, red: Plane, scale: tuple[float, float, float]) -> None:
        """BT.709's weights to BT.601's: chroma turns a little, luma gains what chroma shifts it by."""
        steps, chroma_steps, black = scale
        for row, out in ((1, self._blue), (2, self._red), (0, self._shift)):
            of_blue, of_red = (float(x) for x in TO_601[row, 1:] * chroma_steps)
            self._sum(blue, of_blue, red, of_red, 128 - 128 * (of_blue + of_red), out)
        # One shift for two by two pixels: as a pair of equal bytes across, and for each two rows.
        np.multiply(self._shift, 0x0101, out=self._doubled, dtype=np.uint16)
        shift = self._doubled.view(np.uint8)
        for first in (0, 1):
            self._sum(luma[first::2], steps, shift, 1.0, -black * steps - 128, self._luma[first::2])


def _rows(plane: Any) -> Plane:
    """A plane of a frame as rows of pixels, not copied."""
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]

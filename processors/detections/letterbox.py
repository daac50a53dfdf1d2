"""A picture of any size in a square of a network's size, and boxes back from there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from processors.detections.found import Floats, Found

GREY = 114
"""Value of the bars, as the networks saw it in training."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the picture lies in the square: scaled to width × height, its corner at (left, top)."""

    scale: float
    width_px: int
    height_px: int
    left_px: int
    top_px: int


def fit(width_px: int, height_px: int, size_px: int, *, centred: bool = True) -> Fit:
    """The largest scale at which a picture fits a square, in its middle or in its upper left corner."""
    scale = min(size_px / width_px, size_px / height_px)
    width, height = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    left, top = ((size_px - width) // 2, (size_px - height) // 2) if centred else (0, 0)
    return Fit(scale, width, height, left, top)


def letterbox(picture: NDArray[np.uint8], size_px: int, *, centred: bool = True) -> tuple[NDArray[np.uint8], Fit]:
    """The square with the picture in it, and where it lies."""
    import cv2  # here: `fit` and `back` stay light

    height, width = picture.shape[:2]
    where = fit(width, height, size_px, centred=centred)
    square = np.full((size_px, size_px, 3), GREY, np.uint8)
    inside = square[where.top_px : where.top_px + where.height_px, where.left_px : where.left_px + where.width_px]
    cv2.resize(picture, (where.width_px, where.height_px), dst=inside, interpolation=cv2.INTER_LINEAR)
    return square, where


def back(found: Found, where: Fit) -> Found:
    """Objects in pixels of the square, in pixels of the picture."""
    corner: Floats = np.array([where.left_px, where.top_px], np.float32)
    scale = np.float32(where.scale)
    xyxy = (found.xyxy - np.tile(corner, 2)) / scale
    points = found.points.copy()
    points[:, :, :2] = (points[:, :, :2] - corner) / scale
    return Found(xyxy.astype(np.float32), found.score, found.label, points)

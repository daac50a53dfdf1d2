"""Faces of one picture, and where to cut them out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from processors.pictures import Picture

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face: score in 0 … 1, box and landmarks (x, y) in pixels of the picture."""

    score: float
    box: Corners
    landmarks: tuple[tuple[float, float], ...] = ()

    @property
    def area_px(self) -> float:
        """Of the box."""
        x1, y1, x2, y2 = self.box
        return max(0.0, x2 - x1) * max(0.0, y2 - y1)


def clipped(face: FoundFace, width_px: int, height_px: int) -> FoundFace:
    """The face with its box cut to the picture."""
    x1, y1, x2, y2 = face.box
    box = (max(0.0, x1), max(0.0, y1), min(float(width_px), x2), min(float(height_px), y2))
    return FoundFace(face.score, box, face.landmarks)


def largest_first(faces: list[FoundFace], width_px: int, height_px: int) -> list[FoundFace]:
    """Faces with at least a pixel inside the picture; equal ones by place, so that nothing hangs on chance."""
    inside = [clipped(f, width_px, height_px) for f in faces]
    inside = [f for f in inside if f.box[2] - f.box[0] >= 1 and f.box[3] - f.box[1] >= 1]
    return sorted(inside, key=lambda f: (-f.area_px, f.box))


def square(box: Corners, margin: float) -> tuple[int, int, int, int]:
    """The square about a box, a share `margin` of its longer side wider on each side, in whole pixels."""
    x1, y1, x2, y2 = box
    half = max(x2 - x1, y2 - y1) * (0.5 + margin)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return int(x - half), int(y - half), int(x + half), int(y + half)


def cut(picture: Picture, box: Corners, margin: float) -> Picture:
    """The square about a box, at least a pixel wide; what lies outside the picture repeats its edge."""
    left, top, right, bottom = square(box, margin)
    height, width = picture.shape[:2]
    columns: NDArray[np.intp] = np.clip(np.arange(left, max(right, left + 1)), 0, width - 1)
    rows: NDArray[np.intp] = np.clip(np.arange(top, max(bottom, top + 1)), 0, height - 1)
    return picture[rows[:, None], columns[None, :]]

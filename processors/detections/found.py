"""Objects of one picture as parallel arrays, their shapes checked where they are made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """n objects: `xyxy` n × 4 in pixels, `score` n in 0 … 1, `label` n indices into the model's names,
    `points` n × k × 3 (x, y, score; k is 0 for models without body points).
    """

    xyxy: Floats
    score: Floats
    label: Ints
    points: Floats

    def __post_init__(self) -> None:
        n = len(self.xyxy)
        got = (self.xyxy.shape, self.score.shape, self.label.shape, self.points.shape[:1], self.points.shape[2:])
        if got != ((n, 4), (n,), (n,), (n,), (3,)):
            raise ValueError(f"expected n × 4, n, n and n × k × 3, got {got}")

    def __len__(self) -> int:
        return len(self.score)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Found":
        """Those rows, in that order."""
        return Found(self.xyxy[rows], self.score[rows], self.label[rows], self.points[rows])


def nothing(points: int = 0) -> Found:
    """No objects."""
    return Found(
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.float32),
        np.zeros(0, np.int64),
        np.zeros((0, points, 3), np.float32),
    )

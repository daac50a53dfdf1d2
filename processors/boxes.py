"""Boxes as rows x1, y1, x2, y2 in pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.floating[Any]]


def overlaps(a: Rows, b: Rows) -> Rows:
    """Intersection over union of boxes n × 4 with boxes m × 4, as n × m; 0 for boxes without area."""
    upper, lower = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(lower - upper, 0, None).prod(axis=2)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(axis=1), (b[:, 2:] - b[:, :2]).prod(axis=1)
    union = area_a[:, None] + area_b[None, :] - shared
    result: Rows = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return result

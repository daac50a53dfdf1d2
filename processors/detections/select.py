"""From many overlapping candidates to the objects to be told, the same ones in the same order every time."""

import numpy as np
from numpy.typing import NDArray

from processors.boxes import overlaps
from processors.detections.found import Floats, Found, Ints

CANDIDATES = 1000
"""No more of them are compared: the table of overlaps grows with the square (4 MB here)."""


def ranked(xyxy: Floats, score: Floats, label: Ints) -> NDArray[np.intp]:
    """Indices, best score first; equal scores by label, then by place, so that nothing hangs on chance."""
    return np.lexsort((xyxy[:, 3], xyxy[:, 2], xyxy[:, 1], xyxy[:, 0], label, -score))


def suppress(xyxy: Floats, label: Ints, max_iou: float) -> NDArray[np.bool_]:
    """Which of ranked boxes stay: each that overlaps no better one of its label by more than `max_iou`."""
    stay = np.ones(len(xyxy), np.bool_)
    rivals = (overlaps(xyxy, xyxy) > max_iou) & (label[:, None] == label[None, :])
    for i in range(len(xyxy)):
        if stay[i]:
            stay[i + 1 :] &= ~rivals[i, i + 1 :]
    return stay


def clipped(found: Found, width_px: int, height_px: int) -> Found:
    """Boxes cut to the picture; those that have less than a pixel of it left are gone."""
    limit = np.array([width_px, height_px, width_px, height_px], np.float32)
    xyxy: Floats = np.clip(found.xyxy, 0, limit)
    inside: NDArray[np.bool_] = np.all((xyxy[:, 2:] - xyxy[:, :2]) >= 1, axis=1)
    return Found(xyxy, found.score, found.label, found.points).take(inside)


def select(
    found: Found, *, allowed: Ints | None, max_iou: float, max_boxes: int, width_px: int, height_px: int
) -> Found:
    """At most `max_boxes` objects of the allowed labels (None: all) in the picture, best first."""
    if allowed is not None:
        found = found.take(np.isin(found.label, allowed))
    found = found.take(ranked(found.xyxy, found.score, found.label)[:CANDIDATES])
    found = found.take(suppress(found.xyxy, found.label, max_iou))
    found = clipped(found, width_px, height_px)
    return found.take(np.arange(min(max_boxes, len(found))))

"""What the networks' last layers mean, as objects in pixels of their input square."""

import numpy as np

from processors.detections.found import Floats, Found

POINT = 3  # x, y, score


def yolo(output: Floats, min_score: float, points: int = 0) -> Found:
    """Objects of a YOLOv8 or YOLO11 head, (4 + classes + 3 × points) × anchors: centre, size, a score for each
    class. Candidates overlap still; those below `min_score` are gone.
    """
    rows = output.shape[0] - POINT * points
    best = output[4:rows].max(axis=0)
    keep = np.flatnonzero(best >= min_score)
    kept = output[:, keep]
    centre, half = kept[:2], kept[2:4] / 2
    xyxy = np.concatenate([centre - half, centre + half]).T
    body = kept[rows:].T.reshape(len(keep), points, POINT)
    return Found(
        xyxy.astype(np.float32),
        best[keep].astype(np.float32),
        kept[4:rows].argmax(axis=0).astype(np.int64),
        body.astype(np.float32),
    )


def yolox_grid(size_px: int, strides: tuple[int, ...] = (8, 16, 32)) -> Floats:
    """For each anchor of a YOLOX head its cell's x, y and stride in pixels, anchors × 3."""
    parts = []
    for stride in strides:
        cells = size_px // stride
        y, x = np.mgrid[:cells, :cells]
        parts.append(np.stack([x.ravel(), y.ravel(), np.full(cells * cells, stride)], axis=1))
    grid: Floats = np.concatenate(parts).astype(np.float32)
    return grid


def yolox(output: Floats, grid: Floats, min_score: float) -> Found:
    """Objects of a YOLOX head, anchors × (5 + classes): offset in the cell, log of the size in strides, whether
    there is an object, a score for each class.
    """
    score = output[:, 4] * output[:, 5:].max(axis=1)
    keep = np.flatnonzero(score >= min_score)
    kept, cell, stride = output[keep], grid[keep, :2], grid[keep, 2:]
    centre, half = (kept[:, :2] + cell) * stride, np.exp(kept[:, 2:4]) * stride / 2
    return Found(
        np.concatenate([centre - half, centre + half], axis=1).astype(np.float32),
        score[keep].astype(np.float32),
        kept[:, 5:].argmax(axis=1).astype(np.int64),
        np.zeros((len(keep), 0, POINT), np.float32),
    )

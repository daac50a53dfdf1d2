"""Map from frames to the objects in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from processors.detections.found import Found, Ints
from processors.detections.select import select
from processors.pictures import MAX_MEGAPIXELS, Picture, decode
from processors.station import Item, Rejected
from schemas.records import Box, Detections, Frame, Keypoint, Model


@dataclass(frozen=True, slots=True)
class Config:
    """Tunables of the detections station.

    weights: `auto` takes the best that the profile has; `builtin` OpenCV's people; else the name of weights.
    min_score: Candidates below it are not told (0 … 1). Tracks use weak ones too, so it is low.
    classes: Only these labels; empty: all that the model knows.
    max_iou: Of two boxes of a label that overlap by more, the weaker goes (0 … 1).
    max_boxes: No more in a frame.
    max_megapixels: Larger pictures are rejected before they are decoded.
    """

    weights: str = "auto"
    min_score: float = 0.2
    classes: tuple[str, ...] = ()
    max_iou: float = 0.6
    max_boxes: int = 100
    max_megapixels: float = MAX_MEGAPIXELS


class Detector(Protocol):
    """A model: candidates in a picture, overlapping still."""

    @property
    def model(self) -> Model:
        """What it is."""
        ...

    @property
    def labels(self) -> Sequence[str]:
        """Names of its labels."""
        ...

    def __call__(self, picture: Picture, min_score: float) -> Found:
        """Candidates of at least `min_score` in pixels of the picture; the same for the same picture."""
        ...


class DetectionsStation:
    """One record for each frame, also where nothing was found. One picture at a time: a graph run over several
    at once may round otherwise, and the bytes must not hang on how records were batched.
    """

    def __init__(self, config: Config, detector: Detector) -> None:
        self._config = config
        self._detector = detector
        self._labels = tuple(detector.labels)
        self._allowed = allowed(config.classes, self._labels)

    @property
    def model(self) -> Model:
        """The detector's."""
        return self._detector.model

    def __call__(self, batch: Sequence[Item[Frame]]) -> Sequence[Detections | Rejected]:
        """Objects of each frame, best first; Rejected for a picture that is none or too large."""
        return [self._of(item) for item in batch]

    def _of(self, item: Item[Frame]) -> Detections | Rejected:
        config = self._config
        picture = decode(item.record.image, config.max_megapixels)
        if isinstance(picture, Rejected):
            return picture
        height_px, width_px = picture.shape[:2]
        found = select(
            self._detector(picture, config.min_score), allowed=self._allowed, max_iou=config.max_iou,
            max_boxes=config.max_boxes, width_px=width_px, height_px=height_px,
        )  # fmt: skip
        boxes = boxes_of(found, self._labels)
        return Detections(frame=item.ref, width_px=width_px, height_px=height_px, boxes=boxes)


def allowed(classes: Sequence[str], labels: Sequence[str]) -> Ints | None:
    """Indices of the wanted labels, None for all; ValueError for one that the model does not know."""
    unknown = sorted(set(classes) - set(labels))
    if unknown:
        raise ValueError(f"the model knows no {', '.join(unknown)}; it knows {', '.join(labels)}")
    return np.array([labels.index(c) for c in classes], np.int64) if classes else None


def boxes_of(found: Found, labels: Sequence[str]) -> tuple[Box, ...]:
    """Arrays as the record's boxes."""
    rows = zip(found.xyxy.tolist(), found.score.tolist(), found.label.tolist(), found.points.tolist(), strict=True)
    return tuple(
        Box(
            label=labels[label], score=min(1.0, max(0.0, score)), x1_px=x1, y1_px=y1, x2_px=x2, y2_px=y2,
            keypoints=tuple(Keypoint(x_px=x, y_px=y, score=s) for x, y, s in points),
        )
        for (x1, y1, x2, y2), score, label, points in rows
    )  # fmt: skip

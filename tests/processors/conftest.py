"""What tests of the stations that see may ask for."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from processors.boxes import overlaps
from processors.shelf import Shelf
from processors.station import Item
from schemas.records import Box, Frame, Ref

Corners = tuple[float, float, float, float]


@pytest.fixture(scope="session")
def cpu_shelf(testdata: Path) -> Shelf:
    """The shared weights."""
    return Shelf("cpu", testdata / "models")


@pytest.fixture(scope="session")
def frame_item() -> Callable[[bytes, int], Item[Frame]]:
    """A JPEG as the seq-th frame of a stream at 10 fps."""

    def item(image: bytes, seq: int = 0) -> Item[Frame]:
        frame = Frame(stream_id="cam", session_id="s", seq=seq, pts_us=seq * 100_000, image=image)
        return Item(frame, Ref(topic="framelog.frames", partition=0, offset=seq))

    return item


@pytest.fixture(scope="session")
def campus(testdata: Path) -> tuple[list[bytes], list[list[Corners]]]:
    """TUD-Campus: 71 JPEGs and the people in each, as corners."""
    truth: dict[int, list[Corners]] = {}
    for line in (testdata / "mot/TUD-Campus/gt/gt.txt").read_text().splitlines():
        frame, _, x, y, w, h, *_ = map(float, line.split(","))
        truth.setdefault(int(frame), []).append((x, y, x + w, y + h))
    images = [(testdata / f"mot/TUD-Campus/img1/{f:06d}.jpg").read_bytes() for f in sorted(truth)]
    return images, [truth[f] for f in sorted(truth)]


@pytest.fixture(scope="session")
def precision_recall() -> Callable[[Sequence[Sequence[Box]], Sequence[Sequence[Corners]]], tuple[float, float]]:
    """Of boxes, best first, against the truth of each frame: a hit overlaps a box not yet hit by half."""

    def measure(boxes: Sequence[Sequence[Box]], truth: Sequence[Sequence[Corners]]) -> tuple[float, float]:
        hits = told = wanted = 0
        for found, real in zip(boxes, truth, strict=True):
            told, wanted = told + len(found), wanted + len(real)
            table = overlaps(
                np.array([(b.x1_px, b.y1_px, b.x2_px, b.y2_px) for b in found], np.float32).reshape(-1, 4),
                np.array(real, np.float32).reshape(-1, 4),
            )
            free = set(range(len(real)))
            for row in table:
                best = max(free, key=lambda j: row[j], default=None)
                if best is not None and row[best] >= 0.5:
                    free.remove(best)
                    hits += 1
        return hits / max(1, told), hits / max(1, wanted)

    return measure

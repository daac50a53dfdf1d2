"""The detections station's core against the shortest loop that does the same with onnxruntime."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import process_time

import cv2
import numpy as np
from numpy.typing import NDArray

from processors.detections import Config, build
from processors.onnx import session
from processors.shelf import Shelf
from processors.station import Item
from schemas.records import Frame, Ref

TESTDATA = Path(os.environ.get("FRAMELOG_TESTDATA", "../shared/testdata"))
WEIGHTS = "yolo11n_int8_320.onnx"
ROUNDS = 5
TARGET = 0.90


def bare_loop(path: Path) -> Callable[[bytes], int]:
    """Decode, letterbox, run, threshold, suppress: what a script of a few lines does, with OpenCV and numpy.

    Frames of 4:3, a network of 320 px.
    """
    run, size = session(path), 320

    def detect(image: bytes) -> int:
        picture: NDArray[np.uint8] = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)  # type: ignore[assignment]
        height, width = picture.shape[:2]
        scale = min(size / width, size / height)
        w, h = round(width * scale), round(height * scale)
        square = np.full((size, size, 3), 114, np.uint8)
        left, top = (size - w) // 2, (size - h) // 2
        square[top : top + h, left : left + w] = cv2.resize(picture, (w, h))
        blob = np.ascontiguousarray(square[:, :, ::-1].transpose(2, 0, 1)[None], np.float32) / 255
        output = run.run(None, {"images": blob})[0][0].T
        score, label = output[:, 4:].max(1), output[:, 4:].argmax(1)
        keep = score > Config().min_score
        box = output[keep, :4]
        box[:, :2] = (box[:, :2] - box[:, 2:] / 2 - (left, top)) / scale
        box[:, 2:] /= scale
        stay = cv2.dnn.NMSBoxesBatched(
            box.tolist(), score[keep].tolist(), label[keep].tolist(), 0.0, Config().max_iou
        )
        return len(stay)

    return detect


def bench() -> Iterator[Mapping[str, object]]:
    """Rows of what, ours, baseline, unit, ratio (above 1 is better) and target."""
    models = Path(os.environ.get("FRAMELOG_MODELS", TESTDATA / "models"))
    paths = sorted((TESTDATA / "mot/TUD-Campus/img1").glob("*.jpg"))
    items = [
        Item(
            Frame(stream_id="cam", session_id="s", seq=i, pts_us=i * 100_000, image=p.read_bytes()),
            Ref(topic="framelog.frames", partition=0, offset=i),
        )
        for i, p in enumerate(paths)
    ]
    cv2.setNumThreads(1)
    station, bare = build(Config(weights=WEIGHTS), Shelf("cpu", models)), bare_loop(models / WEIGHTS)
    ours, theirs = list[float](), list[float]()
    station(items[:5])
    for item in items[:5]:
        bare(item.record.image)
    for _ in range(ROUNDS):  # in turns, so that a busy neighbour harms both
        start = process_time()
        station(items)
        middle = process_time()
        for item in items:
            bare(item.record.image)
        ours.append(len(items) / (middle - start))
        theirs.append(len(items) / (process_time() - middle))
    mine, baseline = float(np.median(ours)), float(np.median(theirs))
    yield {
        "what": f"detections core, {WEIGHTS}, {len(items)} frames of 640x480",
        "ours": round(mine, 1), "baseline": round(baseline, 1), "unit": "frames per CPU second",
        "ratio": round(mine / baseline, 3), "target": TARGET,
    }  # fmt: skip


if __name__ == "__main__":
    for row in bench():
        print(row)

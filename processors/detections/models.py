"""Detectors: networks by onnxruntime, OpenVINO or ultralytics, and OpenCV's people where there is none."""

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from processors.detections import heads
from processors.detections.found import Floats, Found, nothing
from processors.detections.labels import COCO, PERSON
from processors.detections.letterbox import back, letterbox
from processors.onnx import runtime, session
from processors.pictures import Picture
from schemas.records import Model


class MissingExtraError(Exception):
    """A package that the default install leaves out is needed; the message names the extra."""


class Hog:
    """OpenCV's people by histograms of oriented gradients (Dalal and Triggs, 2005): nothing to download; blind
    to people seen from above, or smaller than about a fifth of the picture.
    """

    labels = (PERSON,)
    WIDTH_PX = 512  # of the picture searched; TUD-Campus: P .92 R .53 in 67 ms, at 640 px P .82 R .50 in 107 ms
    STEP = 1.05  # between sizes of the window; 1.1 halves the time and finds a tenth fewer
    MARGIN = (0.20, 0.10)  # of the window's width and height: the classifier saw people with that much around
    HALF = 0.7  # the margin that is told as a score of 0.5; on TUD-Campus 96 of 100 above 0.4 are people

    def __init__(self) -> None:
        cv2.setNumThreads(1)  # with more, hits come in the order in which threads end
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector()))
        self.model = Model(name="opencv-hog-people", version=cv2.__version__)

    def __call__(self, picture: Picture, min_score: float) -> Found:
        """People; their score is the classifier's margin m as 1 - 2^(-m / HALF)."""
        scale = min(1.0, self.WIDTH_PX / picture.shape[1])
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        if size[0] < 64 or size[1] < 128:  # smaller than the classifier's window
            return nothing()
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        hits, margins = self._hog.detectMultiScale(
            small, hitThreshold=0.0, winStride=(8, 8), padding=(16, 16), scale=self.STEP
        )
        if len(hits) == 0:
            return nothing()
        corner, window = np.asarray(hits, np.float32)[:, :2], np.asarray(hits, np.float32)[:, 2:]
        inner = window * np.array(self.MARGIN, np.float32)
        xyxy = np.concatenate([corner + inner, corner + window - inner], axis=1) / scale
        score = (1 - np.exp2(-np.asarray(margins, np.float32).reshape(-1) / self.HALF)).astype(np.float32)
        found = Found(
            xyxy.astype(np.float32), score, np.zeros(len(xyxy), np.int64), np.zeros((len(xyxy), 0, 3), np.float32)
        )
        return found.take(score >= min_score)


class Onnx:
    """A YOLOv8, YOLO11 or YOLOX graph by onnxruntime; its output's shape says which. Names and body points are
    read from the graph's metadata where the exporter left them, else they are COCO's.
    """

    def __init__(self, path: Path, model: Model, *, gpu: bool = False) -> None:
        self._session = session(path, gpu=gpu)
        self._input = self._session.get_inputs()[0].name
        shape, out = self._session.get_inputs()[0].shape, self._session.get_outputs()[0].shape
        self._size_px = shape[2] if isinstance(shape[2], int) else 640
        meta = self._session.get_modelmeta().custom_metadata_map
        self.labels, self._points = names_of(meta), points_of(meta)
        self._yolox = out[-1] == 5 + len(self.labels)
        self._grid = heads.yolox_grid(self._size_px)
        self.model = Model(name=model.name, version=model.version or runtime(), sha256=model.sha256)

    def __call__(self, picture: Picture, min_score: float) -> Found:
        """Candidates, overlapping still."""
        square, where = letterbox(picture, self._size_px, centred=not self._yolox)
        # YOLO wants red green blue in 0 … 1, YOLOX blue green red in 0 … 255.
        blob = cv2.dnn.blobFromImage(square, 1.0 if self._yolox else 1 / 255, swapRB=not self._yolox)
        output: Floats = self._session.run(None, {self._input: blob})[0][0]
        if self._yolox:
            return back(heads.yolox(output, self._grid, min_score), where)
        return back(heads.yolo(output, min_score, self._points), where)


class OpenVino:
    """A YOLOv8 or YOLO11 folder (graph, weights, metadata) by OpenVINO, on one thread in 32 bits."""

    def __init__(self, folder: Path, model: Model) -> None:
        try:
            import openvino as ov
        except ImportError as error:
            raise MissingExtraError("openvino is not installed: install framelog[openvino]") from error
        graph = next(iter(sorted(folder.glob("*.xml"))))
        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        self._compiled = ov.compile_model(graph, "CPU", settings)
        self._size_px = int(self._compiled.inputs[0].shape[2])
        meta = metadata_of((folder / "metadata.yaml").read_text())
        self.labels, self._points = names_of(meta), points_of(meta)
        version = f"openvino-{ov.__version__.split('-')[0]}"
        self.model = Model(name=model.name, version=model.version or version, sha256=model.sha256)

    def __call__(self, picture: Picture, min_score: float) -> Found:
        """Candidates, overlapping still."""
        square, where = letterbox(picture, self._size_px)
        output: Floats = self._compiled(cv2.dnn.blobFromImage(square, 1 / 255, swapRB=True))[0][0]
        return back(heads.yolo(output, min_score, self._points), where)


class Ultralytics:
    """Anything that ultralytics loads: a `.pt` file or one of its export folders."""

    def __init__(self, path: Path, model: Model) -> None:
        try:
            import ultralytics
        except ImportError as error:
            raise MissingExtraError(
                f"{path.name} needs ultralytics, which is not installed: install framelog[ultralytics]"
            ) from error
        self._yolo: Any = ultralytics.YOLO(path, task="detect" if path.is_dir() else None)
        self.labels: Sequence[str] = tuple(self._yolo.names[i] for i in range(len(self._yolo.names)))
        version = f"ultralytics-{ultralytics.__version__}"
        self.model = Model(name=model.name, version=model.version or version, sha256=model.sha256)

    def __call__(self, picture: Picture, min_score: float) -> Found:
        """Objects after ultralytics' own suppression at an overlap of 0.7."""
        boxes = self._yolo.predict(picture, conf=min_score, verbose=False)[0].boxes
        score: Floats = boxes.conf.cpu().numpy().astype(np.float32)
        return Found(
            boxes.xyxy.cpu().numpy().astype(np.float32).reshape(-1, 4), score,
            boxes.cls.cpu().numpy().astype(np.int64), np.zeros((len(score), 0, 3), np.float32),
        )  # fmt: skip


def names_of(meta: Mapping[str, str]) -> tuple[str, ...]:
    """Label names of an export's metadata (a dict in Python's notation), else COCO's."""
    names = ast.literal_eval(meta["names"]) if "names" in meta else {}
    return tuple(names[i] for i in range(len(names))) or COCO


def points_of(meta: Mapping[str, str]) -> int:
    """How many body points an export's metadata promises for each object."""
    return int(ast.literal_eval(meta["kpt_shape"])[0]) if "kpt_shape" in meta else 0


def metadata_of(text: str) -> dict[str, str]:
    """`names` and `kpt_shape` of an export's `metadata.yaml` in the notation of the ONNX exports."""
    names: dict[int, str] = {}
    points: list[int] = []
    section = ""
    for line in text.splitlines():
        if not line.startswith((" ", "-")):
            section = line.partition(":")[0]
        elif section == "names":
            index, _, name = line.partition(":")
            names[int(index)] = name.strip().strip("'\"")
        elif section == "kpt_shape":
            points.append(int(line.strip().removeprefix("-")))
    return {"names": repr(names)} | ({"kpt_shape": repr(points)} if points else {})

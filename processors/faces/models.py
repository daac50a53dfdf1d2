"""Models that find and read faces."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from processors.faces.found import FoundFace
from processors.onnx import runtime, session
from processors.pictures import Picture
from schemas.records import Model, Score


def _smaller(picture: Picture, max_side_px: int) -> tuple[Picture, float]:
    """The picture, no side longer than that, and how much smaller it became."""
    scale = min(1.0, max_side_px / max(picture.shape[:2]))
    if scale == 1.0:
        return picture, scale
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False), scale


class Haar:
    """OpenCV's frontal faces by Haar cascades (Viola and Jones, 2001): nothing to download; boxes alone."""

    FILE = "haarcascade_frontalface_alt2.xml"
    SIDE_PX = 400  # as many faces as at 640 px in two fifths of the time
    HALF = 4.0  # of hits beside each other, at which a face is told as 0.5; 6 of them make 0.65

    def __init__(self, max_side_px: int) -> None:
        cv2.setNumThreads(1)  # with more, hits come in the order in which threads end
        self._cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).with_name("data") / self.FILE))
        self._max_side_px = min(self.SIDE_PX, max_side_px)
        self.model = Model(name="opencv-haar-faces", version=cv2.__version__)

    def __call__(self, picture: Picture) -> list[FoundFace]:
        """Faces; their score is the number n of hits beside each other as 1 - 2^(-n / HALF)."""
        small, scale = _smaller(picture, self._max_side_px)
        if min(small.shape[:2]) < 30:
            return []
        grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))
        boxes, hits = self._cascade.detectMultiScale2(grey, scaleFactor=1.1, minNeighbors=3, minSize=(30, 30))
        return [
            FoundFace(
                float(1 - 2 ** (-n / self.HALF)),
                (float(x / scale), float(y / scale), float((x + w) / scale), float((y + h) / scale)),
            )
            for (x, y, w, h), n in zip(np.asarray(boxes).reshape(-1, 4).tolist(), list(hits), strict=True)
        ]


class YuNet:
    """Faces with eyes, nose tip and mouth corners by OpenCV's FaceDetectorYN (Wu et al., 2023)."""

    OVERLAP, CANDIDATES = 0.3, 200

    def __init__(self, path: Path, model: Model, *, max_side_px: int, min_score: float) -> None:
        cv2.setNumThreads(1)  # stations scale by processes
        self._net = cv2.FaceDetectorYN.create(str(path), "", (320, 320), min_score, self.OVERLAP, self.CANDIDATES)
        self._max_side_px = max_side_px
        version = model.version or f"opencv-{cv2.__version__}"
        self.model = Model(name=model.name, version=version, sha256=model.sha256)

    def __call__(self, picture: Picture) -> list[FoundFace]:
        """Faces; landmarks are right eye, left eye, nose tip, right and left corner of the mouth."""
        small, scale = _smaller(picture, self._max_side_px)
        self._net.setInputSize((small.shape[1], small.shape[0]))
        rows: Any = self._net.detect(small)[1]  # None where there is no face, whatever its stub says
        if rows is None:
            return []
        found = []
        for row in np.asarray(rows, np.float64):
            x, y, w, h = (row[:4] / scale).tolist()
            points = (row[4:14] / scale).reshape(5, 2).tolist()
            found.append(FoundFace(float(row[14]), (x, y, x + w, y + h), tuple((px, py) for px, py in points)))
        return found


class FaceApi:
    """Seven expressions by the network of face-api.js (depthwise separable, 112 px)."""

    LABELS = ("neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
    SIZE_PX = 112

    def __init__(self, path: Path, model: Model) -> None:
        self._session = session(path)
        self._input = self._session.get_inputs()[0].name
        self.model = Model(name=model.name, version=model.version or runtime(), sha256=model.sha256)

    def __call__(self, face: Picture) -> tuple[Score, ...]:
        """Scores in the order of LABELS."""
        small = cv2.resize(face, (self.SIZE_PX, self.SIZE_PX), interpolation=cv2.INTER_LINEAR)
        scores = self._session.run(None, {self._input: cv2.dnn.blobFromImage(small, swapRB=True)})[0][0]
        return tuple(Score(label=n, score=s) for n, s in zip(self.LABELS, scores.tolist(), strict=True))

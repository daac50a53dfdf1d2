"""The bare models over a clip, as one script of a few lines would call them: no log, no records, no store.

Each picture and sound gets what the stations give it: the same models with the same preparation, suppression of
overlapping boxes and choice of faces to read. What only a log needs is not in it: JPEG, there and back.

`python -m tests.bench._bare CLIP WEIGHTS` prints seconds and CPU seconds from the first frame to the last word,
models being loaded.
"""

import json
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import av
import numpy as np

from processors.detections.core import Config as Objects
from processors.detections.models import Onnx
from processors.detections.select import select
from processors.faces.core import Config as Faces
from processors.faces.found import cut
from processors.faces.models import FaceApi, YuNet
from processors.shelf import Shelf
from processors.sounds.models import Yamnet
from processors.speech.models import Zipformer
from processors.utterances.models import Silero

FPS, RATE_HZ, WINDOW, CONTEXT = 10, 16_000, 512, 64
VOICE, PAUSE_WINDOWS = 0.5, 16  # half a second without a voice ends an utterance


def pictures(clip: str) -> Any:
    """Every frame that is due at 10 a second, blue green red."""
    due = 0.0
    with av.open(clip) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= due:
                due += 1 / FPS
                yield frame.to_ndarray(format="bgr24")


def sound(clip: str) -> Any:
    """All samples, 16 kHz mono."""
    resampler = av.AudioResampler("s16", "mono", RATE_HZ)
    with av.open(clip) as container:
        return np.concatenate(
            [p.to_ndarray().ravel() for f in container.decode(audio=0) for p in resampler.resample(f)]
        )


def main() -> None:
    clip, folder = sys.argv[1], Path(sys.argv[2])
    shelf, config, boxes = Shelf("cpu", folder), Faces(), Objects()

    def at(name: str) -> tuple[Path, Any]:
        found = shelf.find(name)
        assert found is not None, name
        return found, shelf.model(name)

    objects = Onnx(*at("yolo11n_int8_320.onnx"))
    faces = YuNet(*at("yunet_n_640_640.onnx"), max_side_px=config.max_side_px, min_score=config.min_score)
    read = FaceApi(*at("faceapi_expression.onnx"))
    hear = Yamnet(at("yamnet.tflite")[0], at("yamnet_class_map.csv")[0], at("yamnet.tflite")[1])
    voice, words = Silero(), Zipformer(*at("zipformer-en-3.3M"), beam=4)

    wall, cpu, frames = perf_counter(), process_time(), 0
    for picture in pictures(clip):
        frames += 1
        height_px, width_px = picture.shape[:2]
        select(
            objects(picture, boxes.min_score), allowed=None, max_iou=boxes.max_iou, max_boxes=boxes.max_boxes,
            width_px=width_px, height_px=height_px,
        )  # fmt: skip
        for face in faces(picture):
            x1, y1, x2, y2 = face.box
            if max(x2 - x1, y2 - y1) >= config.min_expression_px and face.score >= config.min_expression_score:
                read(cut(picture, face.box, config.margin))
    pcm = sound(clip)
    for start in range(0, len(pcm), RATE_HZ // 2):
        hear(pcm[max(0, start - Yamnet.before) : start + RATE_HZ // 2], RATE_HZ // 2, 0.0)
    memory, began, quiet, utterances = b"", -1, 0, 0
    for at_sample in range(CONTEXT, len(pcm) - WINDOW, WINDOW):
        window = pcm[at_sample - CONTEXT : at_sample + WINDOW].astype(np.float32)[None] / 32768
        chances, memory = voice(window, memory)
        if chances[0] >= VOICE:
            began, quiet = (at_sample if began < 0 else began), 0
        elif began >= 0 and (quiet := quiet + 1) >= PAUSE_WINDOWS:
            words(pcm[began:at_sample], RATE_HZ)
            began, utterances = -1, utterances + 1
    print(json.dumps({
        "wall_s": perf_counter() - wall, "cpu_s": process_time() - cpu, "frames": frames, "utterances": utterances,
    }))  # fmt: skip


if __name__ == "__main__":
    main()

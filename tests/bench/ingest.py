"""CPU of ingest for a source frame against `ffmpeg -vf fps=10 -c:v mjpeg` and an OpenCV loop, in the same run.

Each runs in a process of its own, one after another in turns; what counts is user and system time of the process,
the least of the rounds: a busy neighbour only ever adds. Ingest here is everything but the broker: demux, coded
packets, sampling, decoding, JPEG, sound to 16 kHz, Avro; ffmpeg makes pictures and 16 kHz sound, the loop pictures
only.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import imageio_ffmpeg

CLIPS = ("video/stream_shared.mp4", "video/autoeditor_example.mp4")
ROUNDS = 5
FPS = 10

OURS = """
import sys
from connectors.ingest.records import Numbering, encoded
from connectors.sources import Config, Extractor, probe
from schemas.codec import encode
config = Config()
media, extractor, numbering = probe(sys.argv[1], config), Extractor(config), Numbering("bench", "s")
for items in (extractor.read(media), extractor.finish()):
    for item in items:
        encode(numbering.stamp(encoded(item, config.jpeg_quality)), 1)
"""
OPENCV = """
import sys
import cv2
cv2.setNumThreads(1)
video = cv2.VideoCapture(sys.argv[1])
every, number, due = video.get(cv2.CAP_PROP_FPS) / 10, 0, 0.0
while True:
    there, pixels = video.read()
    if not there:
        break
    if number >= due:
        cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
        due += every
    number += 1
"""
# The interpreter and its imports are not the frames' fault.
IDLE = {OURS: OURS.split("config = ")[0], OPENCV: "import sys\nimport cv2\n"}


def cpu_s(command: list[str]) -> float:
    """User and system seconds of a child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def script_s(script: str, clip: str) -> float:
    """CPU seconds of a Python script over a clip, less those of its start."""
    return cpu_s([sys.executable, "-c", script, clip]) - cpu_s([sys.executable, "-c", IDLE[script], clip])


def frames_of(clip: Path) -> int:
    """How many video frames a clip has."""
    import av

    with av.open(str(clip)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


def bench() -> Iterator[Mapping[str, object]]:
    """Rows of what, ours, baseline, unit, ratio (below 1 is better) and target."""
    testdata = Path(os.environ.get("FRAMELOG_TESTDATA", "../shared/testdata"))
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    for name in CLIPS:
        clip = testdata / name
        if not clip.exists():
            continue
        count = frames_of(clip)
        ours, opencv, theirs = list[float](), list[float](), list[float]()
        for _ in range(ROUNDS):
            ours.append(script_s(OURS, str(clip)))
            opencv.append(script_s(OPENCV, str(clip)))
            theirs.append(
                cpu_s([ffmpeg, "-nostdin", "-loglevel", "error", "-i", str(clip), "-vf", f"fps={FPS}",
                       "-c:v", "mjpeg", "-c:a", "pcm_s16le", "-ar", "16000", "-ac", "1", "-f", "null", "-"])
            )  # fmt: skip
        for what, times, target in (("ffmpeg", theirs, 0.65), ("OpenCV q95 loop", opencv, 0.55)):
            mine, other = (min(t) / count * 1000 for t in (ours, times))
            yield {
                "what": f"ingest of {clip.name} against {what}",
                "ours": round(mine, 2), "baseline": round(other, 2), "unit": "ms CPU a source frame",
                "ratio": round(mine / other, 3), "target": target, "bound": "at most",
            }  # fmt: skip

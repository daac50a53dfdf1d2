"""CPU of ingest for a source frame against `ffmpeg -vf fps=10 -c:v mjpeg` and an OpenCV loop, in the same run.

Each runs in a process of its own, one after another in turns; what counts is user and system time of the process
less that of one that only starts (an interpreter with the same imports; `ffmpeg -version`), of both the least of
the rounds: a busy neighbour only ever adds.

- Ingest is everything but the broker: demux, coded packets, sampling, decoding, JPEG (quality 85), sound to 16
  kHz, Avro. ffmpeg makes pictures (of its default quality) and 16 kHz sound. The OpenCV loop decodes every picture
  and makes every third or so a JPEG of quality 95; it knows no sound and keeps no packets.
- Pictures are of ingest what the OpenCV loop does too: a source without its sound, decoded, sampled, coded as
  JPEG; packets are collected, but nothing becomes a record.
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
import av, cv2, simplejpeg
from connectors.ingest.records import Numbering, encoded
from connectors.sources import Config, Extractor, Picture, probe
from connectors.sources.pictures import Coder
from schemas.codec import encode
config = Config()
coder = Coder(config.jpeg_quality)
media, extractor, numbering = probe(sys.argv[1], config), Extractor(config), Numbering("bench", "s")
for items in (extractor.read(media), extractor.finish()):
    for item in items:
        encode(numbering.stamp(encoded(item, coder)), 1)
"""
PICTURES = (
    OURS.split("media, ")[0]
    + """
media, extractor = probe(sys.argv[1], config), Extractor(config)
media.audio = None
for item in extractor.read(media):
    if isinstance(item, Picture):
        coder(item)
"""
)
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
IDLE = {s: s.split("config = ")[0] for s in (OURS, PICTURES)} | {OPENCV: "import sys\nimport cv2\n"}


def cpu_s(command: list[str]) -> float:
    """User and system seconds of a child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def python(script: str, clip: Path) -> list[str]:
    """A command that runs a Python script over a clip."""
    return [sys.executable, "-c", script, str(clip)]


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
        sound = ["-c:a", "pcm_s16le", "-ar", "16000", "-ac", "1"]
        # What runs, and what only starts.
        runs = {
            "ingest": (python(OURS, clip), python(IDLE[OURS], clip)),
            "pictures": (python(PICTURES, clip), python(IDLE[PICTURES], clip)),
            "OpenCV q95 loop": (python(OPENCV, clip), python(IDLE[OPENCV], clip)),
            "ffmpeg": (
                [ffmpeg, "-nostdin", "-loglevel", "error", "-i", str(clip), "-vf", f"fps={FPS}",
                 "-c:v", "mjpeg", *sound, "-f", "null", "-"],
                [ffmpeg, "-version"],
            ),
        }  # fmt: skip
        rounds = [{k: (cpu_s(run), cpu_s(start)) for k, (run, start) in runs.items()} for _ in range(ROUNDS)]
        least_s = {k: min(r[k][0] for r in rounds) - min(r[k][1] for r in rounds) for k in runs}
        for what, against, target in (
            ("ingest", "ffmpeg", 0.65),
            ("ingest", "OpenCV q95 loop", 0.55),
            ("pictures", "OpenCV q95 loop", 0.55),
        ):
            mine, other = (least_s[k] / count * 1000 for k in (what, against))
            yield {
                "what": f"{what} of {clip.name} against {against}",
                "ours": round(mine, 2), "baseline": round(other, 2), "unit": "ms CPU a source frame",
                "ratio": round(mine / other, 3), "target": target, "bound": "at most",
            }  # fmt: skip

"""A clip from the log's packets against a bare PyAV remux of the same stretch of the file."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter

import av

from connectors.clips.remux import remux
from tests.connectors.clips.media import logged, make

TESTDATA = Path(os.environ.get("FRAMELOG_TESTDATA", "../shared/testdata"))
TARGET = 1.5
ROUNDS = 9
START_S, END_S = 30, 60


def bare(path: Path, out: Path) -> None:
    """What a script does: seek, copy packets, write an MP4 with its index in front."""
    options = {"movflags": "+faststart"}
    with av.open(str(path)) as media, av.open(str(out), "w", container_options=options) as clip:
        streams = {s.index: clip.add_stream_from_template(s) for s in media.streams}
        media.seek(START_S * av.time_base)
        for packet in media.demux():
            if packet.dts is None or packet.time_base is None:
                continue
            if packet.dts * packet.time_base >= END_S:
                break
            packet.stream = streams[packet.stream.index]
            clip.mux(packet)


def took_s(work: Callable[[], object]) -> float:
    """Seconds, the median of some rounds."""
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return median(times)


def bench() -> Iterator[Mapping[str, object]]:
    """One row: milliseconds of a clip of 30 s, ours from decoded records, the bare one from the file."""
    with tempfile.TemporaryDirectory() as folder:
        shared = TESTDATA / "video/stream_shared.mp4"
        path = shared if shared.exists() else make(Path(folder) / "a.mp4", seconds=END_S + 5)
        records = [r for r in logged(path) if not r.end and START_S - 5 <= r.pts_us / 1e6 <= END_S]
        theirs = took_s(lambda: bare(path, Path(folder) / "bare.mp4"))
        ours = took_s(lambda: remux(records, START_S * 1_000_000, END_S * 1_000_000))
    yield {
        "what": "clip of 30 s by remux", "ours": round(ours * 1e3, 1), "baseline": round(theirs * 1e3, 1),
        "unit": "ms", "ratio": round(ours / theirs, 2), "target": TARGET, "bound": "at most",
    }  # fmt: skip

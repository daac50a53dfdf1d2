"""A camera by HTTP that needs nothing but this Python: an MPEG-TS file, sent as fast as it plays."""

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

PIECES_HZ = 20
# Settings with which the rules make a highlight of every loud moment of an `eventful_clip`.
EVENTFUL = {
    "FRAMELOG_HIGHLIGHTS__OPEN": "0.1", "FRAMELOG_HIGHLIGHTS__KEEP": "0.09",
    "FRAMELOG_HIGHLIGHTS__COOLDOWN_S": "0", "FRAMELOG_HIGHLIGHTS__LONGEST_S": "5",
}  # fmt: skip


def textured_clip(path: Path, seconds: float, size: tuple[int, int] = (640, 480), fps: int = 10) -> Path:
    """A clip whose pictures are large as JPEG (300 KB) and small as H.264: noise that only moves."""
    width, height = size
    noise = np.random.default_rng(7).integers(0, 255, (height, width, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(
            "libx264", rate=fps, options={"g": "10", "bf": "0", "preset": "ultrafast"}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        sound: Any = container.add_stream("aac", rate=16_000, layout="mono")
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(np.roll(noise, 16 * number, axis=1), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        wave = (8000 * np.sin(np.arange(int(seconds * 16_000)) * 2 * np.pi * 440 / 16_000)).astype(np.int16)
        for at in range(0, len(wave), 1024):
            piece = av.AudioFrame.from_ndarray(wave[None, at : at + 1024], format="s16", layout="mono")
            piece.sample_rate, piece.pts, piece.time_base = 16_000, at, Fraction(1, 16_000)
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    return path


def eventful_clip(path: Path, seconds: float, size: tuple[int, int] = (160, 120), fps: int = 10) -> Path:
    """A clip with sound as a camera sends it: noise that moves, and from 3 s on two loud seconds in every six."""
    width, height = size
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 255, (height, width, 3), np.uint8)
    at_s = np.arange(int(seconds * 16_000)) / 16_000
    loud = (at_s % 6 >= 3) & (at_s % 6 < 5)
    wave = np.where(loud, rng.standard_normal(len(at_s)) * 6000, 0).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(
            "libx264", rate=fps, options={"g": "10", "bf": "0", "preset": "ultrafast", "tune": "zerolatency"}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        sound: Any = container.add_stream("aac", rate=16_000, layout="mono")
        heard = 0
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(np.roll(noise, 16 * number, axis=1), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
            while heard < min(len(wave), (number + 1) * 16_000 / fps):
                piece = av.AudioFrame.from_ndarray(wave[None, heard : heard + 1024], format="s16", layout="mono")
                piece.sample_rate, piece.pts, piece.time_base = 16_000, heard, Fraction(1, 16_000)
                container.mux(sound.encode(piece))
                heard += 1024
        container.mux(stream.encode(None))
        container.mux(sound.encode(None))
    return path


@contextmanager
def live_source(clip: Path, seconds: float) -> Iterator[str]:
    """The URL of a server that sends the clip in real time, to one client; then the camera is gone."""
    body = clip.read_bytes()
    closing, taken = threading.Event(), threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if taken.is_set():
                self.send_error(404)
                return
            taken.set()
            self.send_response(200)
            self.send_header("Content-Type", "video/mp2t")
            self.end_headers()
            began, sent = time.monotonic(), 0
            while sent < len(body) and not closing.wait(1 / PIECES_HZ):
                due = min(len(body), int(len(body) * (time.monotonic() - began) / seconds))
                try:
                    self.wfile.write(body[sent:due])
                except OSError:  # who watched has gone
                    return
                sent = due

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/live.ts"
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()

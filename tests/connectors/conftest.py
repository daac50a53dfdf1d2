"""Small clips that PyAV writes, so that the tests need no files of others."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

Write = Callable[..., Path]


def picture(number: int, width: int, height: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A frame that no other equals: a bar that moves over a shaded ground."""
    rows = np.linspace(0, 200, height, dtype=np.uint8)[:, None, None]
    pixels = np.broadcast_to(rows, (height, width, 3)).copy()
    at = number * 3 % max(1, width - 8)
    pixels[:, at : at + 8] = (250, 40, number * 7 % 256)
    return pixels


def add_sound(container: Any, stream: Any, seconds: float, start_s: float, rate_hz: int, layout: str) -> None:
    count = int(seconds * rate_hz)
    wave = (8000 * np.sin(np.arange(count) * 2 * np.pi * 440 / rate_hz)).astype(np.int16)
    channels = 2 if layout == "stereo" else 1
    for at in range(0, count, 1024):
        piece = np.repeat(wave[at : at + 1024], channels)[None]
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout=layout)
        frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
        frame.pts = at + int(start_s * rate_hz)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def write_clip(
    path: Path,
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    size: tuple[int, int] = (96, 64),
    seconds: float = 2.0,
    fps: int = 25,
    times: list[float] | None = None,
    sound: str | None = "aac",
    video: bool = True,
    sound_start_s: float = 0.0,
    rate_hz: int = 44_100,
    layout: str = "stereo",
    options: dict[str, str] | None = None,
) -> Path:
    """Writes a clip; `times` are the frames' seconds where they are not evenly spaced."""
    with av.open(str(path), "w") as container:
        # All streams first: one that is added after the first packet crashes FFmpeg.
        stream: Any = container.add_stream(codec, rate=fps, options=options or {}) if video else None
        heard: Any = None if sound is None else container.add_stream(sound, rate=rate_hz, layout=layout)
        if video:
            stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
            stream.codec_context.time_base = Fraction(1, 1000) if times else Fraction(1, fps)
            for number in range(int(seconds * fps) if times is None else len(times)):
                frame = av.VideoFrame.from_ndarray(picture(number, *size), format="bgr24")
                frame.time_base = stream.codec_context.time_base
                frame.pts = number if times is None else round(times[number] * 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        if heard is not None:
            add_sound(container, heard, seconds, sound_start_s, rate_hz, layout)
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Write:
    """Writes a clip into the test's folder: `clip("a.mp4", fps=30)`."""

    def write(name: str, **how: Any) -> Path:
        return write_clip(tmp_path / name, **how)

    return write

"""A scene that framelog renders itself, for where there is no clip and no network: every station has something to
say about it.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connectors.sources.scene.pictures import HEIGHT_PX, WIDTH_PX, Pictures
from connectors.sources.scene.script import Script, script
from connectors.sources.scene.sounds import sound_track

__all__ = ["Script", "render_scene", "script"]

FPS = 25


def render_scene(path: Path, seconds: float = 45.0, on_progress: Callable[[float], None] | None = None) -> Path:
    """Writes an mp4 (H.264, or MPEG-4 where that encoder is missing; AAC) of 640x360 at 25 fps, and says where.

    An empty room, silence; a figure walks in; a face begins to speak; applause for two figures; they leave, it
    is silent; the face says one word. Same build, same file. `on_progress` hears of the part done (0 … 1).
    ValueError below 30 s, RuntimeError without espeak-ng, OSError where the file can not be written.
    """
    import av

    plan = script(seconds)
    track, rate_hz = sound_track(plan)
    pictures = Pictures(plan, track, rate_hz)
    count = round(seconds * FPS)
    sound = _sound_frames(av, track, rate_hz)
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(_encoder(av), rate=FPS)
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        video.codec_context.thread_count = 1  # so that the file is the same on any machine
        video.codec_context.gop_size = FPS
        if video.codec_context.name == "libx264":
            video.options = {"preset": "veryfast", "crf": "23"}
        audio: Any = container.add_stream("aac", rate=rate_hz, layout="mono")
        audio.bit_rate = 96_000  # at the default of 48 kbit/s applause turns into crackle
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(pictures.at(number / FPS), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
            for piece in sound:
                container.mux(audio.encode(piece))
                if piece.pts / rate_hz > number / FPS:
                    break
            if on_progress is not None:
                on_progress((number + 1) / count)
        for piece in sound:
            container.mux(audio.encode(piece))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def _encoder(av: Any) -> str:
    for name in ("libx264", "h264"):
        try:
            return str(av.Codec(name, "w").name)
        except av.codec.codec.UnknownCodecError:
            continue
    return "mpeg4"


def _sound_frames(av: Any, track: NDArray[np.int16], rate_hz: int) -> Iterator[Any]:
    """The samples in pieces of AAC's 1024."""
    for at in range(0, len(track), 1024):
        frame = av.AudioFrame.from_ndarray(track[None, at : at + 1024], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, at, Fraction(1, rate_hz)
        yield frame

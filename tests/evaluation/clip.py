"""A media file as the raw topics' records: pictures at a rate, sound in half seconds, an `end` on each topic."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np

from connectors.sources.items import Picture
from connectors.sources.pictures import Coder
from schemas.records import Audio, Frame, Packets, Record

SESSION = "5d0c8a0e-0000-5000-8000-0000000000e7"
RATE_HZ, RECORD_SAMPLES = 16_000, 8_000


def frames_of(path: Path, stream: str, fps: float) -> Iterator[Frame]:
    """The last picture at or before each tick, as the JPEG that ingest makes of it."""
    seq, due_s, at_s, coder = 0, 0.0, 0.0, Coder(85)
    with av.open(str(path)) as media:
        if not media.streams.video:
            yield Frame(stream_id=stream, session_id=SESSION, seq=0, pts_us=0, end=True)
            return
        video = media.streams.video[0]
        begin = float((video.start_time or 0) * (video.time_base or 0))
        for picture in media.decode(video):
            at_s = max(float(picture.time) - begin, at_s)
            if at_s + 1e-6 < due_s:
                continue
            jpeg, width_px, height_px = coder(Picture(0, picture))
            yield Frame(stream_id=stream, session_id=SESSION, seq=seq, pts_us=round(at_s * 1e6),
                        width_px=width_px, height_px=height_px, image=jpeg)  # fmt: skip
            seq, due_s = seq + 1, due_s + 1 / fps
    yield Frame(stream_id=stream, session_id=SESSION, seq=seq, pts_us=round(at_s * 1e6) + 1, end=True)


def audio_of(path: Path, stream: str) -> Iterator[Audio]:
    """16 kHz mono in records of 0.5 s."""
    parts: list[Any] = []
    with av.open(str(path)) as media:
        if media.streams.audio:
            resampler = av.AudioResampler("s16", "mono", RATE_HZ)
            for sound in media.decode(media.streams.audio[0]):
                parts += [f.to_ndarray().reshape(-1) for f in resampler.resample(sound)]
            parts += [f.to_ndarray().reshape(-1) for f in resampler.resample(None)]
    samples = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    starts = range(0, len(samples), RECORD_SAMPLES)
    for seq, a in enumerate(starts):
        yield Audio(stream_id=stream, session_id=SESSION, seq=seq, pts_us=a * 1_000_000 // RATE_HZ,
                    pcm=samples[a : a + RECORD_SAMPLES].tobytes())  # fmt: skip
    yield Audio(stream_id=stream, session_id=SESSION, seq=len(starts), end=True,
                pts_us=len(samples) * 1_000_000 // RATE_HZ)  # fmt: skip


def raw_of(path: Path, fps: float = 10.0, frames_max: int | None = None) -> dict[str, list[Record]]:
    """Records of the raw topics by noun; coded packets are left out (an `end` alone)."""
    stream = path.stem
    frames: list[Record] = list(islice(frames_of(path, stream, fps), frames_max))
    return {
        "frames": frames,
        "audio": list(audio_of(path, stream)),
        "packets": [Packets(stream_id=stream, session_id=SESSION, seq=0, pts_us=0, end=True)],
    }

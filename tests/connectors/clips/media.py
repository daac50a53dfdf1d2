"""Sources made with PyAV, and their packets as the log would hold them."""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from schemas.records import CodedTrack, Packet, Packets


def make(path: Path, seconds: int = 6, video: str = "libx264", audio: str = "aac", **options: str) -> Path:
    """A file with a moving square at 10 fps (a key frame every 2 s) and a tone."""
    with av.open(str(path), "w") as out:
        v: Any = out.add_stream(video, rate=10) if video else None
        a: Any = out.add_stream(audio, rate=48000) if audio else None
        if v is not None:
            v.width, v.height, v.pix_fmt = 160, 120, "yuv420p"
            v.codec_context.gop_size = 20
            v.codec_context.options = options
            for n in range(seconds * 10):
                picture = np.zeros((120, 160, 3), np.uint8)
                picture[40:80, n % 120 : n % 120 + 40] = 200
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts, frame.time_base = n, Fraction(1, 10)
                out.mux(v.encode(frame))
            out.mux(v.encode())
        if a is not None:
            size = a.codec_context.frame_size or 1024
            for n in range(seconds * 48000 // size):
                wave = [math.sin((n * size + i) / 20) * 8000 for i in range(size)]
                sound = av.AudioFrame.from_ndarray(np.array([wave], np.int16), "s16", "mono")
                sound.sample_rate, sound.pts, sound.time_base = 48000, n * size, Fraction(1, 48000)
                out.mux(a.encode(sound))
            out.mux(a.encode())
    return path


def demuxed(path: Path | Any) -> dict[str, list[Any]]:
    """Packets of a file by kind: (bytes, key)."""
    found: dict[str, list[Any]] = {"video": [], "audio": []}
    with av.open(path if not isinstance(path, Path) else str(path)) as media:
        for packet in media.demux():
            if packet.size:
                found[packet.stream.type].append((bytes(packet), packet.is_keyframe))
    return found


def logged(path: Path, stream_id: str = "s", session_id: str = "e", rotation_deg: int = 0) -> Iterator[Packets]:
    """The file's packets as ingest logs them: a record for each second or key frame, epoch at zero."""
    with av.open(str(path)) as media:
        tracks = tuple(track(s, rotation_deg) for s in media.streams)
        held: list[Packet] = []
        seq, start_us = 0, 0
        of: dict[str, Any] = {"stream_id": stream_id, "session_id": session_id}
        packet: Any
        for packet in media.demux():
            if not packet.size:
                continue
            ticks = packet.pts if packet.dts is None else packet.dts
            at_us = int(ticks * packet.time_base * 1_000_000)
            video_key = packet.stream.type == "video" and packet.is_keyframe
            if held and (video_key or at_us - start_us >= 1_000_000):
                yield Packets(**of, seq=seq, pts_us=start_us, tracks=tracks, packets=tuple(held))
                held, seq = [], seq + 1
            if not held:
                start_us = max(at_us, start_us)
            held.append(
                Packet(track=packet.stream.index, pts=packet.pts, dts=packet.dts, duration=packet.duration or 0,
                       key=packet.is_keyframe, data=bytes(packet))
            )  # fmt: skip
        yield Packets(**of, seq=seq, pts_us=start_us, tracks=tracks, packets=tuple(held))
        yield Packets(**of, seq=seq + 1, pts_us=start_us, end=True)


def track(stream: Any, rotation_deg: int) -> CodedTrack:
    context, video = stream.codec_context, stream.type == "video"
    return CodedTrack(
        index=stream.index, kind=stream.type, codec=context.name, extradata=bytes(context.extradata or b""),
        time_base_num=stream.time_base.numerator, time_base_den=stream.time_base.denominator,
        width_px=context.width if video else 0, height_px=context.height if video else 0,
        rate_hz=0 if video else context.sample_rate, channels=0 if video else context.layout.nb_channels,
        layout="" if video else context.layout.name, rotation_deg=rotation_deg if video else 0,
    )  # fmt: skip

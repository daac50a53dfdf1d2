"""`framelog ingest` with what people hand it: each works, or ends with one clear line; nothing hangs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from topics.catalog import BY_NOUN
from topics.connection import Connection
from topics.read import bounds

pytestmark = [pytest.mark.slow, pytest.mark.kafka]
WITHIN_S = 90


@dataclass(frozen=True, slots=True)
class Taken:
    """How `framelog ingest` ended: its code, its last JSON line, what it said to standard error."""

    code: int
    summary: dict[str, Any]
    err: str


@pytest.fixture
def ingest(connection: Connection) -> Callable[[Path], Taken]:
    """`framelog ingest` as a process on the shared broker, its topics the test's own."""

    def run(path: Path) -> Taken:
        env = {key: value for key, value in os.environ.items() if not key.startswith("FRAMELOG_")} | {
            "FRAMELOG_KAFKA": connection.bootstrap,
            "FRAMELOG_REGISTRY": connection.registry_url,
            "FRAMELOG_PREFIX": connection.names.prefix,
            "FRAMELOG_PARTITIONS": str(connection.partitions),
        }
        words = [sys.executable, "-m", "deploy.cli", "ingest", str(path), "--stream", "s", "--json"]
        done = subprocess.run(
            words, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr[-3000:]
        lines = done.stdout.splitlines()
        return Taken(done.returncode, json.loads(lines[-1]) if lines else {}, done.stderr)

    return run


def raw_records(connection: Connection) -> int:
    """How many records of any kind the raw topics hold."""
    topics = [connection.names.topic(BY_NOUN[noun]) for noun in ("frames", "audio", "packets")]
    return sum(high - low for low, high in bounds(connection, topics).values())


def clip(
    path: Path, codec: str = "mpeg4", pix_fmt: str = "yuv420p", size: tuple[int, int] = (96, 64),
    times_ms: Sequence[int] = tuple(range(0, 2000, 40)), sound: str | None = "aac", videos: int = 1,
    options: dict[str, str] | None = None,
) -> Path:  # fmt: skip
    """A moving picture with a tone, made by PyAV."""
    with av.open(str(path), "w") as out:
        streams: list[Any] = []
        for _ in range(videos):
            video: Any = out.add_stream(codec, rate=25, options=options or {})
            video.width, video.height, video.pix_fmt = *size, pix_fmt
            video.codec_context.time_base = Fraction(1, 25 if codec.startswith(("mpeg1", "mpeg2")) else 1000)
            streams.append(video)
        tone: Any = out.add_stream(sound, rate=44_100, layout="mono") if sound else None
        for number, time_ms in enumerate(times_ms):
            for at, video in enumerate(streams):
                picture = np.full((size[1], size[0], 3), (number * 5 + at * 90) % 256, np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pix_fmt)
                base = video.codec_context.time_base
                frame.pts, frame.time_base = round(time_ms / 1000 / base), base
                out.mux(video.encode(frame))
        for video in streams:
            out.mux(video.encode(None))
        if tone is not None:
            resampler = av.AudioResampler(
                tone.codec_context.format, "mono", 44_100, tone.codec_context.frame_size or 1024
            )
            wave = (8000 * np.sin(np.arange(88_200) / 10)).astype(np.int16)[None]
            heard = av.AudioFrame.from_ndarray(wave, "s16", "mono")
            heard.sample_rate, heard.pts, heard.time_base = 44_100, 0, Fraction(1, 44_100)
            for piece in [*resampler.resample(heard), *resampler.resample(None)]:
                out.mux(tone.encode(piece))
            out.mux(tone.encode(None))
    return path


def twice(path: Path) -> Path:
    """A transport stream that begins again in its middle: its timestamps jump back."""
    path.write_bytes(path.read_bytes() * 2)
    return path


def turned(path: Path) -> Path:
    """An MP4 whose track header asks for a quarter turn (ISO 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    one, minus = (1 << 16).to_bytes(4, "big"), (-(1 << 16) & 0xFFFFFFFF).to_bytes(4, "big")
    at = data.index(b"tkhd") + 44
    data[at : at + 8], data[at + 12 : at + 20] = bytes(4) + one, minus + bytes(4)
    path.write_bytes(bytes(data))
    return path


def sound_alone(path: Path) -> Path:
    """The tone without the picture."""
    whole = clip(path.with_suffix(".mkv"), sound="pcm_s16le")
    with av.open(str(whole)) as source, av.open(str(path), "w") as out:
        heard: Any = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = heard
                out.mux(packet)
    return path


WORKS: dict[str, tuple[Callable[[Path], Path], int, bool]] = {
    "no audio": (lambda d: clip(d / "a.mp4", sound=None), 20, False),
    "no video": (lambda d: sound_alone(d / "a.wav"), 0, True),
    "two video streams": (lambda d: clip(d / "a.mkv", videos=2), 20, True),
    "HEVC in mov": (lambda d: clip(d / "a.mov", "libx265", options={"x265-params": "log-level=none"}), 20, True),
    "mpeg1 with mp2": (lambda d: clip(d / "a.mpg", "mpeg1video", sound="mp2"), 20, True),
    "variable frame rate": (lambda d: clip(d / "a.mkv", times_ms=(0, 40, 80, 500, 2000), sound=None), 3, False),
    "rotated": (lambda d: turned(clip(d / "a.mp4", sound=None)), 20, False),
    "8-bit grey": (lambda d: clip(d / "a.mkv", "ffv1", "gray"), 20, True),
    "odd sizes": (lambda d: clip(d / "a.mkv", "ffv1", "yuv444p", (97, 63)), 20, True),
    "timestamps that jump back": (lambda d: twice(clip(d / "a.ts", "mpeg2video", sound="mp2")), 40, True),
}  # fmt: skip


@pytest.mark.parametrize("name", WORKS)
def test_odd_media_work(name: str, ingest: Callable[[Path], Taken], tmp_path: Path) -> None:
    make, frames, sound = WORKS[name]
    taken = ingest(make(tmp_path))
    assert taken.code == 0, taken.err
    written = taken.summary["written"]
    assert abs(written["frames"] - 1 - frames) <= 1, written  # one end mark, and a picture at either rim
    assert (written["audio"] > 1) == sound, written
    assert taken.err == ""


def text(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("this is no video\n" * 100)
    return path


def empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.write_bytes(b"")
    return path


def truncated(folder: Path) -> Path:
    path = clip(folder / "cut.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda d: d / "no.mp4", "no such file"),
    "a folder": (lambda d: d, "is a folder"),
    "text": (text, "cannot be opened"),
    "zero bytes": (empty, "is empty"),
    "truncated mp4": (truncated, "whole"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_media_is_refused_in_one_line_and_nothing_is_written(
    name: str, ingest: Callable[[Path], Taken], connection: Connection, tmp_path: Path
) -> None:
    make, said = REFUSED[name]
    taken = ingest(make(tmp_path))
    lines = taken.err.splitlines()
    assert (taken.code, len(lines)) == (1, 1), taken
    assert lines[0].startswith("framelog:")
    assert said in lines[0]
    assert raw_records(connection) == 0


def test_a_bad_stream_name_is_refused_in_one_line(connection: Connection, tmp_path: Path) -> None:
    env = os.environ | {"FRAMELOG_KAFKA": connection.bootstrap, "FRAMELOG_REGISTRY": connection.registry_url}
    words = [sys.executable, "-m", "deploy.cli", "ingest", str(clip(tmp_path / "a.mp4")), "--stream", "a b/c"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "stream name" in done.stderr

"""A camera by RTSP: in the log as it was sent, found again when it was away, told in one line when it is wrong."""

import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from connectors.ingest import Config
from deploy.embedded.ports import free_port
from processors.offline import Offline, stored
from processors.streams import Config as StreamsConfig
from processors.streams import build
from schemas.records import Audio, Frame, Packets, StreamNotice
from tests.connectors.ingest.logged import assert_whole, logged
from tests.connectors.ingest.test_live import Running
from tests.fixtures_kafka import eventually
from topics.catalog import RAW
from topics.connection import Connection

SERVER = Path(__file__).parent / "rtsp_server.py"
ROOT = Path(__file__).parents[3]
AWAY_S = 4.0  # the streams station calls more than 3 s a gap
QUICK = Config(heartbeat_s=0.2, reconnect_s=30, open_timeout_s=5, read_timeout_s=2)
Camera = Callable[..., "subprocess.Popen[str]"]
pytestmark = pytest.mark.network


@cache
def python_with_gstreamer() -> str:
    """A Python that can run the server; the test is skipped where there is none."""
    why = "no Python on this machine"
    for python in filter(None, map(shutil.which, ("/usr/bin/python3", "python3"))):
        looked = subprocess.run(
            [python, str(SERVER), "--look"], capture_output=True, text=True, timeout=60, check=False
        )
        if looked.returncode == 0:
            return python
        why = looked.stderr.strip().splitlines()[-1]
    pytest.skip(
        f"no RTSP server here ({why}): install gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good "
        "gstreamer1.0-plugins-bad"
    )


@pytest.fixture
def camera() -> Iterator[Camera]:
    """Starts a camera that listens: `camera(port, clip, "user", "password")`."""
    python = python_with_gstreamer()
    running: list[subprocess.Popen[str]] = []

    def start(port: int, clip: Path, *who: str) -> "subprocess.Popen[str]":
        words = [python, str(SERVER), str(port), str(clip), *who]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def nal_units(data: bytes) -> list[bytes]:
    """The coded slices in a stretch of H.264 with start codes; parameter sets and the like are left out."""
    units = [u.strip(b"\0") for u in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")]
    return [u for u in units if u and u[0] & 31 in (1, 5)]


def slices_and_sounds(clip: Path) -> tuple[list[bytes], list[bytes]]:
    """The file's own coded slices and AAC frames, in order."""
    with av.open(str(clip)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        to_start_codes = av.BitStreamFilterContext("h264_mp4toannexb", video)
        slices, sounds = [], []
        for packet in container.demux(video, audio):
            if packet.size and packet.stream is audio:
                sounds.append(bytes(packet))
            elif packet.size:
                for out in to_start_codes.filter(packet):
                    slices += nal_units(bytes(out))
    return slices, sounds


def stretches_of(wanted: list[bytes], found: list[bytes]) -> list[int]:
    """Lengths of the stretches that what was found is made of, each the file's pieces from its start on.

    The encoder's own first AAC frame comes before time 0 and is not sent: a stretch may begin at the second piece.
    """
    lengths: list[int] = []
    left = found
    while left:
        assert left[0] in wanted[:2], f"after {lengths} comes what the file does not begin with"
        file = wanted[wanted.index(left[0]) :]
        same = next((at for at, (a, b) in enumerate(zip(file, left, strict=False)) if a != b), len(left))
        lengths.append(same)
        left = left[same:]
    return lengths


def pictures_of(clip: Path) -> "np.ndarray[Any, np.dtype[np.int16]]":
    with av.open(str(clip)) as container:
        return np.stack([f.to_ndarray(format="bgr24") for f in container.decode(video=0)]).astype(np.int16)


def told(found: dict[str, list[Any]]) -> list[StreamNotice]:
    """What the streams station says about these raw records."""
    route = Offline({"streams": build(StreamsConfig(), None)})
    outputs = (o for t in RAW for o in route.feed(t, stored(t, found[t.noun])))
    return [o.record for o in outputs if isinstance(o.record, StreamNotice)]


@pytest.mark.kafka
@pytest.mark.slow
def test_a_camera_is_taken_as_it_sends_and_found_again_after_seconds_away(
    clip: Any, camera: Camera, connection: Connection
) -> None:
    path = clip("cam.mp4", seconds=30, options={"g": "10", "bf": "0"})
    port = free_port()
    first = camera(port, path)
    running = Running(f"rtsp://127.0.0.1:{port}/cam", connection, QUICK)
    eventually(lambda: running.frames >= 20)
    first.kill()
    gone_s = time.monotonic()
    eventually(lambda: time.monotonic() - gone_s > AWAY_S)  # the time away is what is tried here
    before = running.frames
    camera(port, path)
    eventually(lambda: running.frames >= before + 20)
    running.stop.set()
    summary = running.result()

    found = logged(connection)
    assert_whole(found)  # one session, dense, each topic ended
    assert any("found again 1 times" in note for note in summary.notes), summary.notes

    slices, sounds = slices_and_sounds(path)
    coded = [p for r in found["packets"] if isinstance(r, Packets) for p in r.packets]
    kinds = {t.index: t.kind for r in found["packets"] if isinstance(r, Packets) for t in r.tracks}
    sent = [unit for p in coded if kinds[p.track] == "video" for unit in nal_units(p.data)]
    heard = [p.data for p in coded if kinds[p.track] == "audio"]
    for wanted, got in ((slices, sent), (sounds, heard)):
        lengths = stretches_of(wanted, got)
        assert len(lengths) == 2, "one unbroken stretch a connection"
        assert min(lengths) > 40

    whole = pictures_of(path)
    frames = [r for r in found["frames"] if isinstance(r, Frame) and not r.end]
    shown = []
    for frame in frames:
        seen = cv2.imdecode(np.frombuffer(frame.image, np.uint8), cv2.IMREAD_COLOR)
        assert seen is not None
        shown.append(int(np.abs(whole - seen.astype(np.int16)).mean(axis=(1, 2, 3)).argmin()))
    again = next(at for at, (a, b) in enumerate(itertools.pairwise(shown), 1) if b < a)
    for part, times in ((shown[:again], frames[:again]), (shown[again:], frames[again:])):
        assert len(part) >= 18
        since = [(b.pts_us - times[0].pts_us) / 40_000 for b in times]  # 25 pictures a second were sent
        assert all(abs((at - part[0]) - step) <= 1 for at, step in zip(part, since, strict=True))

    pcm = [r for r in found["audio"] if isinstance(r, Audio) and not r.end]
    spectrum = np.abs(np.fft.rfft(np.frombuffer(pcm[1].pcm, "<i2")))
    assert spectrum.argmax() * 16_000 / (len(pcm[1].pcm) // 2) == pytest.approx(440, abs=4)

    notices = [n for n in told(found) if not n.end]
    gaps = [n for n in notices if n.kind == "gap"]
    assert gaps
    assert all(abs((n.end_us - n.start_us) / 1e6 - AWAY_S) < 4 for n in gaps), gaps
    assert notices[0].kind == "started"
    assert notices[-1].kind == "ended"


def ingest_by_command(url: str, data: Path) -> "subprocess.CompletedProcess[str]":
    """`framelog ingest URL`, with a log that nobody needs to reach: the source is opened first."""
    quick = {"FRAMELOG_KAFKA": "127.0.0.1:9", "FRAMELOG_REGISTRY": "http://127.0.0.1:9",
             "FRAMELOG_DATA": str(data), "FRAMELOG_INGEST__OPEN_TIMEOUT_S": "5"}  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", "ingest", url, "--stream", "cam"],
        env=os.environ | quick, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_wrong_path_or_password_is_one_line_without_the_password(
    clip: Any, camera: Camera, tmp_path: Path
) -> None:
    path, port = clip("cam.mp4", seconds=2, options={"g": "10", "bf": "0"}), free_port()
    camera(port, path, "guest", "right-one")
    tries = {
        f"rtsp://guest:right-one@127.0.0.1:{port}/elsewhere": "404",
        f"rtsp://guest:wrong-one@127.0.0.1:{port}/cam": "401",
        f"rtsp://127.0.0.1:{port}/cam": "401",
    }
    for url, why in tries.items():
        done = ingest_by_command(url, tmp_path)
        said = (done.stdout + done.stderr).strip()
        assert done.returncode == 1, said
        assert len(said.splitlines()) == 1, said
        assert why in said or "nauthorized" in said or "not found" in said.lower(), said
        assert "right-one" not in said
        assert "wrong-one" not in said
        assert f"127.0.0.1:{port}" in said


@pytest.mark.kafka
@pytest.mark.slow
def test_the_right_password_opens_it_and_is_nowhere_in_the_log(
    clip: Any, camera: Camera, connection: Connection
) -> None:
    path, port = clip("cam.mp4", seconds=20, options={"g": "10", "bf": "0"}), free_port()
    camera(port, path, "guest", "right-one")
    running = Running(f"rtsp://guest:right-one@127.0.0.1:{port}/cam", connection, QUICK)
    eventually(lambda: running.frames >= 3)
    running.stop.set()
    summary = running.result()
    assert summary.stopped
    assert "right-one" not in repr(summary)
    assert_whole(logged(connection))


def test_a_port_that_nobody_listens_on_is_one_line(tmp_path: Path) -> None:
    done = ingest_by_command(f"rtsp://u:secret@127.0.0.1:{free_port()}/cam", tmp_path)
    said = (done.stdout + done.stderr).strip()
    assert done.returncode == 1
    assert len(said.splitlines()) == 1, said
    assert "efused" in said, said
    assert "is it up" in said
    assert "secret" not in said

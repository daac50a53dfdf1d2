"""Live sources by the network's protocols: in the log while they last, found again when they were lost."""

import functools
import http.server
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.ingest import Config, SourceError, Summary, ingest
from connectors.ingest.backlog import RECORD_BYTES, Backlog
from connectors.ingest.live import Capture
from connectors.sources import Media, open_media
from deploy.embedded.ports import free_port
from schemas.records import Audio, Frame
from tests.connectors.ingest.logged import assert_whole, logged
from tests.fixtures_kafka import eventually
from topics.connection import Connection

FFMPEG = shutil.which("ffmpeg")
QUICK = Config(heartbeat_s=0.2, reconnect_s=2, open_timeout_s=5, read_timeout_s=3)
needs_ffmpeg = pytest.mark.skipif(FFMPEG is None, reason="no ffmpeg on this machine to be the sender")


def frame(pts_us: int, size: int = 100) -> Frame:
    return Frame(stream_id="", session_id="", seq=0, pts_us=pts_us, image=bytes(size))


def test_a_backlog_that_is_full_drops_the_oldest_and_counts_them() -> None:
    backlog = Backlog(3 * (RECORD_BYTES + 100))
    for at in range(5):
        backlog.put(frame(at))
    backlog.put(Audio(stream_id="", session_id="", seq=0, pts_us=9, pcm=bytes(10)))
    backlog.close()
    got = [backlog.get(0) for _ in range(3)]
    assert [(g[0].pts_us, g[1]) for g in got if g is not None] == [(3, 3), (4, 0), (9, 0)]
    assert backlog.finished
    assert backlog.dropped_all == 3


def test_what_was_dropped_last_is_left_for_the_end_to_tell() -> None:
    backlog = Backlog(RECORD_BYTES + 100)
    backlog.put(frame(0))
    backlog.put(Audio(stream_id="", session_id="", seq=0, pts_us=9, pcm=bytes(10)))
    assert backlog.left() == {"frames": 1}
    assert backlog.get(0) is not None
    assert backlog.get(0) is None


def test_a_source_that_was_away_comes_back_at_the_time_that_passed(
    clip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Media, "duration_us", None)  # as of a camera
    path = str(clip("a.ts", seconds=2))
    now = iter([0.0, 62.0, 62.0, 62.5, 62.5, 62.5, 400.0, 400.0, 400.0])
    tries: list[str] = []

    def reopen(url: str, config: Config) -> Media:
        tries.append(url)
        if len(tries) != 2:
            raise SourceError("away")
        again = open_media(url, config)
        again.live = True
        return again

    media = open_media(path, QUICK)
    media.live = True
    backlog = Backlog(64 << 20)
    config = Config(reconnect_s=60, read_timeout_s=3)
    capture = Capture(
        path, media, backlog, config, threading.Event(), clock=lambda: next(now, 999.0), reopen=reopen
    )
    capture.run()
    assert capture.error is None
    got = []
    while (item := backlog.get(0)) is not None:
        got.append(item[0])
    frames = [r.pts_us for r in got if isinstance(r, Frame)]
    assert frames == sorted(frames)
    before = [t for t in frames if t < 3_000_000]
    after = frames[len(before) :]
    assert len(before) in (20, 21)
    assert len(after) in (20, 21)
    assert after[0] == pytest.approx(62_500_000, abs=100_000)


@pytest.fixture
def senders() -> Iterator[list["subprocess.Popen[bytes]"]]:
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for sender in running:
        sender.kill()
        sender.wait()


def send(path: Path, *to: str) -> "subprocess.Popen[bytes]":
    assert FFMPEG is not None
    return subprocess.Popen(
        [FFMPEG, "-nostdin", "-loglevel", "error", "-re", "-i", str(path), "-c", "copy", *to],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


class Running:
    """An ingest in a thread, started over until its source is there."""

    def __init__(self, url: str, connection: Connection, config: Config = QUICK) -> None:
        self.stop = threading.Event()
        self.summary: Summary | None = None
        self.frames = 0
        self._thread = threading.Thread(target=self._run, args=(url, connection, config), daemon=True)
        self._thread.start()

    def _run(self, url: str, connection: Connection, config: Config) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                self.summary = ingest(url, "cam", connection, config, self._told, stop=self.stop)
            except SourceError:
                self.stop.wait(0.1)
            else:
                return

    def _told(self, progress: Any) -> None:
        self.frames = progress.frames

    def result(self) -> Summary:
        self._thread.join(60)
        assert self.summary is not None
        return self.summary


@needs_ffmpeg
@pytest.mark.kafka
@pytest.mark.slow
def test_rtmp_is_taken_and_found_again_in_the_same_session(
    clip: Any, connection: Connection, senders: list["subprocess.Popen[bytes]"]
) -> None:
    path, url = clip("a.mp4", seconds=3, options={"g": "10"}), f"rtmp://127.0.0.1:{free_port()}/live/cam"
    config = Config(heartbeat_s=0.2, reconnect_s=6, open_timeout_s=5, read_timeout_s=3)
    senders.append(send(path, "-f", "flv", "-listen", "1", url))
    running = Running(url, connection, config)
    eventually(lambda: senders[0].poll() is not None)
    senders.append(send(path, "-f", "flv", "-listen", "1", url))
    eventually(lambda: senders[1].poll() is not None)
    summary = running.result()
    found = logged(connection)
    assert_whole(found)
    assert 50 <= len(found["frames"]) <= 64
    assert any("found again" in note for note in summary.notes)
    times = [r.pts_us for r in found["frames"]]
    assert times[-1] > 5_500_000
    assert all(r.captured_us > 0 for r in found["frames"] if not r.end)


@needs_ffmpeg
@pytest.mark.kafka
@pytest.mark.slow
def test_srt_is_taken_by_way_of_the_machines_ffmpeg(
    clip: Any, connection: Connection, senders: list["subprocess.Popen[bytes]"]
) -> None:
    path, port = clip("a.mp4", seconds=4, options={"g": "10"}), free_port()
    senders.append(send(path, "-f", "mpegts", f"srt://127.0.0.1:{port}?mode=listener"))
    running = Running(f"srt://127.0.0.1:{port}", connection)
    eventually(lambda: senders[0].poll() is not None)
    running.result()
    found = logged(connection)
    assert_whole(found)
    assert len(found["frames"]) > 20


@needs_ffmpeg
@pytest.mark.kafka
@pytest.mark.slow
def test_hls_by_http_is_taken_to_its_end(clip: Any, connection: Connection, tmp_path: Path) -> None:
    path = clip("a.mp4", seconds=4, options={"g": "10"})
    folder = tmp_path / "hls"
    folder.mkdir()
    made = send(path, "-f", "hls", "-hls_time", "1", "-hls_list_size", "0", str(folder / "a.m3u8"))
    assert made.wait(30) == 0

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        summary = ingest(f"http://127.0.0.1:{server.server_port}/a.m3u8", "cam", connection, QUICK)
    finally:
        server.shutdown()
        server.server_close()
    found = logged(connection)
    assert_whole(found)
    assert len(found["frames"]) in (41, 42)  # its picture starts 80 ms after its sound
    assert not summary.stopped


@needs_ffmpeg
@pytest.mark.kafka
@pytest.mark.slow
def test_a_live_ingest_that_is_stopped_ends_its_session(
    clip: Any, connection: Connection, senders: list["subprocess.Popen[bytes]"]
) -> None:
    path, url = clip("a.mp4", seconds=20, options={"g": "10"}), f"rtmp://127.0.0.1:{free_port()}/live/cam"
    senders.append(send(path, "-f", "flv", "-listen", "1", url))
    running = Running(url, connection)
    eventually(lambda: running.frames > 3)
    running.stop.set()
    assert running.result().stopped
    assert_whole(logged(connection))


def test_a_sender_that_says_nothing_does_not_hang() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for protocol in ("rtsp", "rtmp", "http"):
            began = time.monotonic()
            with pytest.raises(SourceError, match="cannot be opened"):
                open_media(f"{protocol}://u:pw@127.0.0.1:{port}/x", Config(open_timeout_s=1, read_timeout_s=1))
            assert time.monotonic() - began < 5

"""The example for foreign producers keeps the contract, with nothing of ours imported."""

import ast
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from schemas.records import Frame
from tests.connectors.conftest import picture
from tests.connectors.ingest.logged import assert_whole, logged
from topics.connection import Connection

EXAMPLE = Path(__file__).parent.parent.parent / "examples/produce_stream.py"
OURS = {"schemas", "topics", "processors", "connectors", "api", "deploy", "tests"}


def imported() -> set[str]:
    tree = ast.parse(EXAMPLE.read_text())
    names = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    names |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    return {name.split(".")[0] for name in names}


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_nothing_of_ours_is_imported() -> None:
    assert imported().isdisjoint(OURS)


def test_it_explains_itself() -> None:
    told = run("--help")
    assert told.returncode == 0
    assert "--stream" in told.stdout


@pytest.mark.kafka
def test_a_file_by_opencv_becomes_a_whole_session(clip: Any, connection: Connection) -> None:
    done = run(
        "--source", str(clip("a.mp4", seconds=3)), "--stream", "foreign", "--kafka", connection.bootstrap,
        "--registry", connection.registry_url, "--prefix", connection.names.prefix,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    found = logged(connection)
    assert_whole(found)
    assert [len(found[noun]) for noun in ("frames", "audio", "packets")] == [31, 1, 1]
    first = found["frames"][0]
    assert isinstance(first, Frame)
    pixels = cv2.imdecode(np.frombuffer(first.image, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert pixels.shape == (64, 96, 3)


def test_a_source_that_does_not_open_is_one_line() -> None:
    done = run("--source", "/nowhere.mp4", "--stream", "x")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("OpenCV cannot open /nowhere.mp4")
    assert "Traceback" not in done.stderr


def test_a_webcam_that_is_not_there_is_one_line() -> None:
    done = run("--source", "97", "--stream", "x")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("OpenCV cannot open 97")
    assert "Traceback" not in done.stderr


def test_a_log_that_is_not_there_is_one_line(clip: Any) -> None:
    done = run(
        "--source", str(clip("a.mp4", seconds=1)), "--stream", "x", "--kafka", "127.0.0.1:9",
        "--registry", "http://127.0.0.1:9",
    )  # fmt: skip
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.fixture
def camera_url() -> Iterator[str]:
    """A camera that speaks MJPEG over HTTP, as many do: 12 numbered pictures a second (OpenCV takes it for 25)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
            self.end_headers()
            stopped, number = threading.Event(), 0
            while not stopped.wait(0.08):
                ok, image = cv2.imencode(".jpg", picture(number, 96, 64))
                assert ok
                head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(image)}\r\n\r\n"
                try:
                    self.wfile.write(head.encode() + image.tobytes() + b"\r\n")
                except OSError:  # who watched has gone
                    return
                number += 1

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/cam.mjpg"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.kafka
@pytest.mark.slow
def test_a_camera_by_http_becomes_a_whole_session_at_the_clocks_time(
    camera_url: str, connection: Connection
) -> None:
    done = run(
        "--source", camera_url, "--stream", "desk", "--seconds", "4", "--kafka", connection.bootstrap,
        "--registry", connection.registry_url, "--prefix", connection.names.prefix,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = logged(connection)
    assert_whole(found)
    frames = [r for r in found["frames"] if isinstance(r, Frame) and not r.end]
    assert 20 <= len(frames) <= 41
    first = cv2.imdecode(np.frombuffer(frames[0].image, np.uint8), cv2.IMREAD_COLOR)
    assert first is not None
    assert np.abs(first.astype(int) - picture(0, 96, 64)).mean() < 20
    clock_s = (frames[-1].captured_us - frames[0].captured_us) / 1e6
    stream_s = (frames[-1].pts_us - frames[0].pts_us) / 1e6
    assert stream_s == pytest.approx(clock_s, abs=0.5)
